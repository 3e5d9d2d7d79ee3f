"""The way to the server that runs this action.  helper.py puts it here; scripts run on their own have none."""

ask = None
