/** One product a line: sku | name | price in minor units | stock | motif | hue | description. */
export const KITCHEN = `
# kitchen
KIT-1001 | Santoku Chef's Knife 18 cm | 8990 | 62 | knife | 18 | The one among kitchen knives that does nearly everything: layered Japanese steel, an olive-wood handle. Takes a fine edge, keeps it, and falls through tomatoes by its own weight.
KIT-1002 | Bread Knife with Wavy Edge | 5490 | 48 | knife | 205 | The longest of the kitchen knives cuts crust without crumbs. Forged in one piece, with a handle of stabilised beech.
KIT-1003 | Cast-Iron Skillet 28 cm | 4990 | 71 | pan | 30 | Pre-seasoned cast-iron frying pan for stove, oven and camp fire. Gets better every year and will outlive its owner.
KIT-1004 | Ember Dutch Oven 5 l | 15900 | 34 | pot | 8 | Enamelled cast-iron pot for stews, roasts and no-knead bread. Light inside, so that one sees when the onions are golden.
KIT-1005 | Walnut Cutting Board | 6490 | 53 | board | 28 | End-grain board of walnut with a groove for juices and rubber feet. Kind to knives, handsome enough to serve cheese on.
KIT-1006 | Nesting Mixing Bowls (set of 3) | 3990 | 90 | bowls | 185 | Three stainless bowls with a non-slip foot and lids that seal. The small one fits into the middle one, and so on.
KIT-1007 | Whirl Power Blender | 12900 | 27 | blender | 345 | Strong blender that turns frozen berries into smoothies and nuts into butter. Glass jug, four programmes, easy to clean.
KIT-1008 | Gram Digital Kitchen Scale | 2990 | 125 | scale | 150 | Flat scale that weighs from one gram to ten kilograms and charges by USB. Remembers the bowl when it switches itself off.
KIT-1009 | Beechwood Utensil Set | 2490 | 140 | utensils | 35 | Spoon, spatula, whisk and tongs of oiled beech and steel, with a stoneware jar to stand them in.
KIT-1010 | Sunrise Toaster | 6990 | 57 | toaster | 195 | Two wide slots for thick bread, a bun warmer and a bagel setting that toasts one side only. Lifts small slices high enough to catch.
KIT-1011 | Pantry Jars (set of 6) | 3490 | 84 | jars | 45 | Airtight glass jars with acacia lids for flour, pasta and beans, in three sizes that stack.

# coffee-tea
COF-1001 | Burr Hand Coffee Grinder | 7490 | 66 | grinder | 25 | Steel conical burrs and thirty-six settings from espresso to French press. Grinds two cups in under a minute, without waking the house.
COF-1002 | Gooseneck Kettle 0.9 l | 8990 | 43 | gooseneck | 210 | Electric kettle with a slender spout and an exact thermostat for pour-over coffee and green tea. Holds the temperature for an hour.
COF-1003 | Slow Pour-Over Set | 4490 | 79 | dripper | 175 | Ceramic dripper, glass carafe and forty paper filters: a clean, bright cup in four minutes of calm.
COF-1004 | French Press 1 l | 3990 | 102 | frenchPress | 355 | Double-walled French press of steel and heat-proof glass, with a fine mesh that keeps the grounds out of the cup.
COF-1005 | Piccolo Espresso Machine | 34900 | 17 | espressoMachine | 5 | Compact espresso maker with a proper portafilter, fifteen bars of pressure and a steam wand that learns fast how you like your foam.
COF-1006 | Stoneware Mugs (set of 4) | 3290 | 118 | mugs | 30 | Hand-glazed mugs that hold a generous quarter litre and warm both hands. Safe in dishwasher and microwave.
COF-1007 | House Blend Coffee Beans 1 kg | 2190 | 260 | coffeeBag | 15 | Chocolate, hazelnut and a little orange: a balanced espresso roast from Brazil and Ethiopia, roasted slowly each Tuesday.
COF-1008 | Yirgacheffe Single Origin 500 g | 1690 | 190 | coffeeBag | 160 | Light-roasted Ethiopian coffee beans with jasmine, lemon and honey. Made for filters and patient mornings.
COF-1009 | Cast-Iron Teapot 0.8 l | 5990 | 38 | teapot | 190 | Enamelled Japanese teapot with a steel strainer. Keeps tea hot through a long conversation.
COF-1010 | First Flush Darjeeling 100 g | 1490 | 175 | tin | 130 | Loose black tea from the spring harvest, flowery and light as a muscat grape. In a tin that keeps it fresh.
COF-1011 | Sencha Green Tea 100 g | 1290 | 160 | tin | 95 | Steamed green tea from Uji: grass, sea breeze and a sweet finish. Best at seventy degrees.
COF-1012 | Moka Stovetop Espresso Pot | 3490 | 87 | mokaPot | 350 | The classic stovetop pot for six small cups of strong coffee, with a base that works on induction.

# home
HOM-1001 | Velvet Reading Armchair | 39900 | 9 | armchair | 170 | Deep armchair with a velvet cover that can be washed, oak legs and exactly the right height to fall asleep over a novel.
HOM-1002 | Nord Dining Chair | 12900 | 44 | chair | 200 | Solid ash chair with a woven seat that gives a little. Stacks four high and carries generations.
HOM-1003 | Ladder Bookshelf | 18900 | 19 | shelf | 25 | Five shelves of oiled oak that lean against the wall and hold more books than they look. Fixings included.
HOM-1004 | Linen Cushion 50 x 50 | 2990 | 130 | cushion | 345 | Stone-washed linen cover in clay red with a feather filling and a hidden zip.
HOM-1005 | Merino Wool Blanket | 8990 | 52 | blanket | 210 | Soft merino throw woven in Portugal, warm without weight. Big enough for two on the sofa.
HOM-1006 | Terra Ceramic Vase | 4490 | 61 | vase | 18 | Wheel-thrown vase with a matt glaze; each one is a little different. Looks finished with a single branch in it.
HOM-1007 | Cedar & Fig Scented Candle | 2690 | 145 | candle | 265 | Soy-wax candle in a reusable glass that smells of a garden shed in late summer. Burns for fifty hours.
HOM-1008 | Station Wall Clock | 5990 | 36 | clock | 5 | Silent sweep movement, clear numerals for far away and a rim of birch. Runs two years on one battery.
HOM-1009 | Oval Wall Mirror | 9900 | 28 | mirror | 195 | Large mirror with a slim oak frame that makes a narrow hall wider. Hangs upright or across.
HOM-1010 | Handwoven Kilim Rug 170 x 240 | 24900 | 8 | rug | 12 | Flat-woven wool rug in warm desert colours. Two sides, no wrong one; takes a spilled glass with dignity.
HOM-1011 | Self-Watering Planter | 3490 | 97 | planter | 145 | Clay-coloured pot with a reservoir that lasts three weeks, so that the fern survives your holiday.

# lighting
LIG-1001 | Arc LED Desk Lamp | 7990 | 69 | deskLamp | 205 | Balanced desk lamp with stepless dimming from candle to daylight and a joint that stays where it is put.
LIG-1002 | Tripod Floor Lamp | 14900 | 23 | floorLamp | 32 | Floor lamp with a linen shade and a foot switch one finds in the dark. Fills a reading corner with soft light.
LIG-1003 | Dome Pendant Light | 9900 | 31 | pendant | 150 | Enamelled steel pendant lamp for the kitchen table, white inside for a bright circle of light below.
LIG-1004 | Opal Table Lamp | 6490 | 47 | tableLamp | 280 | Ceramic base, cotton shade and a warm glow for the bedside. The dimmer sits in the cord, where the hand finds it.
LIG-1005 | Garden String Lights 10 m | 3990 | 120 | stringLights | 40 | Twenty shatterproof LED bulbs for balcony and garden. May stay out in rain and snow, dimmable by remote control.
LIG-1006 | Smart LED Bulb E27 | 1490 | 240 | bulb | 190 | Eight hundred lumens in every white from sunrise to noon, controlled by phone or an ordinary switch. No hub needed.
LIG-1007 | Ember Rechargeable Lantern | 5490 | 58 | lantern | 10 | Cordless table lantern with a flame-like flicker, for dinner outside and power cuts inside. Thirty hours a charge.
LIG-1008 | Beam Wall Light | 7490 | 35 | wallLight | 220 | Aluminium wall lamp that washes the facade upwards and downwards. Weatherproof, with a motion sensor one can switch off.
LIG-1009 | Moon Night Light | 2490 | 110 | nightLight | 255 | A friendly moon for the nursery. Glows amber, dims itself after thirty minutes and charges in its dock.
LIG-1010 | Clip-On Reading Light | 1990 | 155 | deskLamp | 340 | Tiny rechargeable light with a padded clip for books and e-readers. Amber, so that the night stays a night.
`;
