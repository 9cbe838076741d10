"""What happens when the officer acts: the application, the open case, judgements, evidence."""
