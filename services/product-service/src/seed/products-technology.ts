/** One product a line: sku | name | price in minor units | stock | motif | hue | description. */
export const TECHNOLOGY = `
# electronics
ELE-1001 | Halden Instant Camera | 12900 | 42 | camera | 12 | Prints a credit-card-sized photograph in ninety seconds. Automatic exposure, a mirror for self-portraits and a body that survives a weekend at the lake.
ELE-1002 | Fjord E-Reader 7" | 15900 | 64 | eReader | 205 | Seven-inch paper-white display with a warm evening light. One charge lasts six weeks of bedtime chapters, and it shrugs off a splash in the bath.
ELE-1003 | Lumen Pocket Projector | 28900 | 18 | projector | 265 | A projector the size of a paperback that throws a two-metre picture onto any white wall. Wireless screen sharing and three hours of battery.
ELE-1004 | Brisk Power Bank 20,000 mAh | 4990 | 180 | powerBank | 150 | Charges a phone four times or a laptop once. Two USB-C ports, a shell of recycled aluminium and a display that tells how much is left.
ELE-1005 | Brisk 65 W Travel Charger | 3990 | 210 | charger | 28 | Gallium-nitride charger that feeds a laptop and two phones at once and still fits into a shirt pocket. Folding pins, three plug adapters included.
ELE-1006 | Nimbus Weather Station | 8490 | 37 | weatherStation | 190 | Shows temperature, humidity and tomorrow's sky at a glance. The outdoor sensor reaches eighty metres and runs on two batteries for a year.
ELE-1007 | Pixelpad Game Controller | 5490 | 95 | gamepad | 285 | Wireless controller with magnetic sticks that never drift, for computers, tablets and phones. Twenty-five hours of play on one charge.
ELE-1008 | Meridian Smartwatch | 19900 | 55 | watch | 210 | A quiet smartwatch with real hands: heart rate, sleep, step counter and navigation arrows, ten days between charges and no notifications after nine.
ELE-1009 | Kestrel 10x42 Binoculars | 17900 | 26 | binoculars | 95 | Bright waterproof binoculars for birds, concerts and mountain tops. Close focus of two metres and a neck strap that does not itch.
ELE-1010 | Mesh Home Router (set of 2) | 18900 | 33 | router | 200 | Two access points that cover a flat and its cellar with fast wireless internet. Setting up takes five minutes and no account.

# audio
AUD-1001 | Aria Over-Ear Headphones | 14900 | 88 | headphones | 215 | Closed wireless headphones with adaptive noise cancelling, memory-foam cushions and forty hours of battery. They fold flat and sound warm rather than loud.
AUD-1002 | Aria Studio Headphones | 22900 | 24 | headphones | 355 | Open-back studio headphones with a wide, honest sound for mixing and late-night listening. Velour cushions, detachable cable, every part replaceable.
AUD-1003 | Pebble Wireless Earbuds | 7990 | 140 | earbuds | 165 | Tiny earbuds with clear calls in the wind and seven hours of music, plus two charges in the case. Three sizes of silicone tips.
AUD-1004 | Drum Bluetooth Speaker | 8990 | 75 | portableSpeaker | 20 | Portable waterproof speaker with a carrying handle and far more bass than its size allows. Floats, survives sand, plays for twenty hours.
AUD-1005 | Oak Bookshelf Speaker (pair) | 34900 | 15 | speaker | 30 | Two-way bookshelf speakers in real oak veneer. Silk tweeter, paper woofer and a bass port that stays polite close to a wall.
AUD-1006 | Vela Soundbar | 24900 | 29 | soundbar | 230 | Slim soundbar with a wireless subwoofer. Speech mode makes films understandable again without waking the children.
AUD-1007 | Groove Turntable | 27900 | 21 | turntable | 8 | Belt-driven record player with a carbon arm and a built-in phono preamplifier. Place it, level it, put on a record.
AUD-1008 | Cardea USB Microphone | 11900 | 46 | microphone | 250 | Cardioid condenser microphone for podcasts and calls, with a zero-latency headphone jack and a stand heavy enough to stay put.
AUD-1009 | Transit Kitchen Radio | 9900 | 58 | radio | 35 | Digital radio in a walnut case with big knobs, six station keys and an alarm that starts gently. Also plays music from the phone.
AUD-1010 | Marlow Tube Amplifier | 59900 | 6 | amplifier | 40 | Hybrid amplifier with two glowing tubes, forty watts a channel and a turntable input. Warms the room a little and the voice a lot.
AUD-1011 | Pebble Sport Earbuds | 8990 | 0 | earbuds | 340 | Sweatproof earbuds with flexible hooks that stay in place on long runs. An open fit lets the traffic through.

# computing
COM-1001 | Tactile 75 Mechanical Keyboard | 12900 | 67 | keyboard | 220 | Compact mechanical keyboard with quiet brown switches, hot-swap sockets and keycaps that do not shine after a year. Cable or Bluetooth.
COM-1002 | Slate Low-Profile Keyboard | 7990 | 92 | keyboard | 175 | Flat wireless keyboard with scissor keys, three device slots and a battery that lasts for months. As quiet as a library.
COM-1003 | Contour Ergonomic Mouse | 5990 | 110 | mouse | 195 | Wireless mouse shaped for a relaxed wrist, with a silent click and a wheel that glides through long documents.
COM-1004 | Vista 27" 4K Monitor | 42900 | 22 | monitor | 240 | Sharp 27-inch screen with true colours, one USB-C cable for picture, data and ninety watts of power, and a stand that goes up, down and around.
COM-1005 | Clearview Webcam | 8990 | 73 | webcam | 270 | Full-HD webcam with a big sensor for dim rooms, a privacy shutter and microphones that ignore the keyboard.
COM-1006 | Nexus 8-in-1 USB-C Hub | 6490 | 130 | hub | 205 | Eight ports from one: HDMI, network, card reader, three USB-A, audio and charging, in a cool aluminium case with a braided cable.
COM-1007 | Vault Portable SSD 2 TB | 15900 | 49 | drive | 15 | Pocket-sized solid-state drive that copies a holiday of videos in a minute. Encrypted, shock-proof, with cables for old and new computers.
COM-1008 | Rise Laptop Stand | 4490 | 84 | laptopStand | 160 | Folding aluminium stand that lifts the screen to eye height and lets the fan breathe. Fits into the sleeve beside the laptop.
COM-1009 | Drift Wireless Mouse | 2990 | 190 | mouse | 10 | A light, simple mouse for travelling. Runs a year on one battery and works on glass.
COM-1010 | Felt Desk Mat | 3490 | 150 | rug | 140 | Wool-felt mat that quiets the desk, warms the wrists and gives keyboard and mouse a place to be.
COM-1011 | Vista 32" Curved Monitor | 54900 | 11 | monitor | 300 | Gently curved 32-inch display with 144 Hz for games and long tables. Low blue light, no flicker, built-in speakers.
`;
