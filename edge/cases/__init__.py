"""Cases: filed at the trigger, decided once, chained, signed, exported, and purged when their time is over."""
