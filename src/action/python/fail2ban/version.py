version = "1.1.2"
