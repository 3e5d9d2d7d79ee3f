class Action:
    def __init__(self, jail, name):
        pass
