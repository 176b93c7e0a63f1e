"""The restore drill: that a backup can be restored is known once it was."""
