/** One product a line: sku | name | price in minor units | stock | motif | hue | description. */
export const LEISURE = `
# outdoors
OUT-1001 | Ridge 2-Person Tent | 24900 | 25 | tent | 150 | Three-season tent for two with a vestibule for muddy boots. Pitches in five minutes, weighs less than two kilograms, stays dry in a storm.
OUT-1002 | Drift Down Sleeping Bag | 18900 | 30 | sleepingBag | 215 | Mummy sleeping bag with responsible down, comfortable to zero degrees and small as a loaf of bread when packed.
OUT-1003 | Flint Camping Stove | 4990 | 76 | stove | 10 | Folding gas stove that boils half a litre in three minutes, even in wind. Weighs as much as a bar of chocolate.
OUT-1004 | Glacier Insulated Bottle 0.75 l | 2990 | 220 | bottle | 190 | Steel water bottle that keeps tea hot for twelve hours and lemonade cold for a day. Leakproof lid with a carrying loop.
OUT-1005 | Beacon Headlamp | 3990 | 105 | headlamp | 28 | Rechargeable head torch with four hundred lumens, a red night mode and a band that does not slip.
OUT-1006 | Canopy Hammock | 6490 | 41 | hammock | 165 | Parachute-nylon hammock for two with tree-friendly straps. From bag to nap in sixty seconds.
OUT-1007 | Summit Trekking Backpack 45 l | 14900 | 32 | backpack | 200 | Hiking backpack with a ventilated back, a rain cover and pockets one reaches while walking. Adjusts from short to tall.
OUT-1008 | Tor Hiking Boots | 16900 | 39 | boot | 25 | Waterproof leather boots with a sole that grips on wet rock. Broken in after one afternoon, resoled after ten years.
OUT-1009 | Trail Map Case & Compass | 2490 | 80 | map | 140 | Waterproof map case with a proper baseplate compass, for the day on which the phone is empty.
OUT-1010 | Self-Inflating Sleeping Mat | 6990 | 54 | sleepingBag | 95 | Five centimetres of foam and air between you and the stones. Open the valve, wait, add two breaths.

# cycling
CYC-1001 | Courier City Bike | 69900 | 7 | bicycle | 205 | Light steel city bicycle with eight hub gears, a belt instead of a chain and lights that never need charging. No oil on the trousers.
CYC-1002 | Vent Bike Helmet | 7990 | 68 | helmet | 350 | Well-ventilated helmet with rotation protection and a dial that fits it to any head. A light in the back turns with you.
CYC-1003 | Fortress Folding Lock | 8490 | 59 | lock | 45 | Hardened folding lock for a bicycle and the fence behind it, with a holder that does not rattle.
CYC-1004 | Floor Pump with Gauge | 3990 | 72 | pump | 8 | Steel bicycle pump with a gauge one can read standing up and a head for every valve.
CYC-1005 | Halo Bike Light Set | 4990 | 115 | bikeLight | 60 | Front and rear lights that charge by USB, see and are seen from eight hundred metres, and come off with one hand.
CYC-1006 | Harbour Pannier Bag (pair) | 11900 | 28 | pannier | 175 | Waterproof roll-top bags for commuting and touring. Click on in a second and carry like a handbag in the shop.
CYC-1007 | Gel Cycling Gloves | 2990 | 94 | gloves | 230 | Fingerless gloves with gel where the handlebar presses and terry where the brow sweats.
CYC-1008 | Pocket Multi-Tool 16 in 1 | 2790 | 135 | multiTool | 18 | Sixteen functions with a chain breaker, in the size of a matchbox. The bit that is missing elsewhere is in this one.
CYC-1009 | Brook Leather Saddle | 10900 | 20 | saddle | 25 | Vegetable-tanned leather saddle that takes the shape of its rider. Copper rivets, tension key and patience included.
CYC-1010 | Steel Cycling Bottle 0.6 l | 1690 | 170 | bottle | 140 | Squeezable feel in steel: fits every bottle cage, tastes of nothing but water.

# fashion
FAS-1001 | Canvas Roll-Top Backpack | 9900 | 63 | backpack | 40 | Waxed-canvas daypack with a laptop sleeve and a roll top that grows with the shopping. Brass hooks, leather straps.
FAS-1002 | Market Tote Bag | 2490 | 185 | tote | 150 | Heavy organic cotton tote that carries fifteen kilograms and stands by itself while it is packed.
FAS-1003 | Harbour Rain Jacket | 17900 | 37 | jacket | 205 | Breathable rain coat with taped seams, a hood that turns with the head and pockets deep enough for a map.
FAS-1004 | Court Leather Sneakers | 11900 | 56 | sneaker | 215 | Plain leather shoes on a natural rubber sole. White today, charming in two years; soles are stitched and can be replaced.
FAS-1005 | Lambswool Scarf | 4990 | 82 | scarf | 352 | Woven in Scotland from soft lambswool, two metres long, with a fringe that does not fray.
FAS-1006 | Fisherman Beanie | 2490 | 120 | beanie | 190 | Ribbed merino cap that covers the ears and fits under a helmet. Itches nobody.
FAS-1007 | Oak-Tanned Leather Belt | 5490 | 74 | belt | 28 | Full-grain leather, four millimetres thick, with a brass buckle on screws. Cut to length at home.
FAS-1008 | Slim Card Wallet | 3990 | 108 | wallet | 15 | Holds eight cards and a few folded notes, closes with a snap and shields against readers in the crowd.
FAS-1009 | Riviera Sunglasses | 8990 | 45 | sunglasses | 335 | Polarised lenses in a frame of plant-based acetate. For driving, snow and unhurried terraces.
FAS-1010 | Breton Striped Shirt | 3990 | 0 | shirt | 220 | Long-sleeved shirt of heavy combed cotton with the stripes of the Breton coast. Washes well, shrinks never.
FAS-1011 | Storm Folding Umbrella | 3490 | 98 | umbrella | 265 | Opens at the press of a button and turns inside out only to come back. Nine ribs, teflon canopy, pocket-sized.

# toys
TOY-1001 | Maple Building Blocks (60) | 4490 | 77 | blocks | 45 | Sixty blocks of maple in six shapes, sanded by hand and coloured with water-based paint. In a cotton bag.
TOY-1002 | Old Harbour Jigsaw Puzzle 1000 | 2490 | 88 | puzzle | 200 | A thousand pieces of an illustrated harbour with forty small stories to find in it. Linen finish, no dust.
TOY-1003 | Little Wooden Train | 3490 | 64 | train | 5 | Engine, two waggons and twelve tracks of beech that fit every usual railway. The chimney whistles.
TOY-1004 | Barnaby Teddy Bear | 2990 | 91 | bear | 30 | A soft bear with movable arms and an understanding face. Filled with recycled fibre, washable at thirty degrees.
TOY-1005 | Spice Road Board Game | 3990 | 49 | dice | 18 | Trade saffron and silk along the old road in forty-five minutes, for two to four players from ten years. A different map each time.
TOY-1006 | Skylark Kite | 2790 | 70 | kite | 195 | Rip-stop kite that flies in light wind and forgives beginners. Line, winder and a bag with a loop included.
TOY-1007 | Cardboard Moon Rocket | 1990 | 83 | rocket | 215 | Fold, slot and paint a rocket as tall as a four-year-old. No glue, no scissors, much countdown.
TOY-1008 | Pocket Card Games | 1290 | 150 | cards | 350 | Fifty-five illustrated cards and rules for twelve games, from snap to rummy, in a tin for the train.
TOY-1009 | Desktop Globe 25 cm | 4990 | 33 | globe | 205 | Political globe with raised mountains and a warm light inside. Shows where the parcels come from.
TOY-1010 | Rainbow Stacking Bowls | 2290 | 112 | bowls | 285 | Seven bowls for sand, bath and tower. The smallest holds a blueberry, the largest a lunch.

# stationery
STA-1001 | Dotted Notebook A5 | 1490 | 230 | notebook | 175 | One hundred and ninety numbered pages of ink-proof paper, dotted grid, two ribbons and a binding that lies flat.
STA-1002 | Meridian Fountain Pen | 4990 | 58 | pen | 215 | Aluminium fountain pen with a smooth steel nib, for cartridges or a converter. Writes after a week in the drawer.
STA-1003 | Coloured Pencils (24) | 2490 | 125 | pencils | 345 | Twenty-four pencils with soft, lightfast leads in a roll-up case. They blend, they sharpen, they do not break.
STA-1004 | Midnight Ink 50 ml | 1290 | 140 | ink | 235 | Blue-black ink that dries fast, shades beautifully and washes out of shirts.
STA-1005 | The Patient Gardener | 2290 | 66 | book | 110 | A year in a small garden, told in fifty-two short chapters with ink drawings. A book about roses, slugs and waiting.
STA-1006 | Bread: A Field Guide | 2990 | 54 | book | 28 | From flour to crust in eighty recipes. Explains why a dough does what it does, and what to do when it does not.
STA-1007 | Nightfall Stories (box of 4) | 3990 | 31 | books | 260 | Four slim volumes of classic ghost stories with new illustrations. Read with a lamp and one ear on the stairs.
STA-1008 | Weekly Desk Planner | 1790 | 95 | notebook | 15 | Fifty-two sheets to tear off, one week each, with room for what matters and a column for what does not.
STA-1009 | Ash Writing Desk | 32900 | 10 | desk | 200 | Compact desk of solid ash with one drawer and a slot for cables. Fits under a window and makes letters more likely.
STA-1010 | Brass Pencil Sharpener Set | 1190 | 160 | pencils | 50 | Two brass sharpeners with spare blades, and six cedar pencils to try them on.
`;
