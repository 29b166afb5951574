"""What the program keeps for its user between sessions: journals, settings, logs, worklists.

Runs without Qt and without torch.
"""
