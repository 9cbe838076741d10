"""The commands of ``autovelox-centre``, beside ``run``."""
