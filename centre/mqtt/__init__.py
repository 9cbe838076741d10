"""MQTT: how the fleet is, as retained messages, with Home Assistant's discovery. An output alone: nothing is obeyed.

Of a case there is nothing in a message: serial numbers and figures. The extra ``mqtt`` (aiomqtt) is needed.
"""

from centre.mqtt.fleet import Fleet, look_at_fleet
from centre.mqtt.publisher import Publisher, publisher_of

__all__ = ["Fleet", "Publisher", "look_at_fleet", "publisher_of"]
