import { circle, ellipse, line, type Motif, path, rect, repeat, shine, turned } from './shapes.ts';

export const tote: Motif = (p) =>
  line('M230 230 C230 90 370 90 370 230', p.dark, 14) +
  path('M160 220 h280 l24 230 h-328z', p.main) +
  path('M160 220 h280 l4 36 h-288z', p.light) +
  circle([300, 350], 54, p.paper) +
  path('M262 350 q38 -60 76 0 q-38 60 -76 0z', p.accent);

export const jacket: Motif = (p) =>
  path('M220 130 L130 190 L90 400 h70 L186 270 V450 h228 V270 L440 400 h70 L470 190 L380 130 q-80 50 -160 0z', p.main) +
  path('M220 130 q80 50 160 0 l-30 -30 h-100z', p.dark) +
  rect([295, 150], [10, 300], { fill: p.ink }) +
  rect([206, 330], [66, 70], { fill: p.dark, r: 10 }) +
  rect([328, 330], [66, 70], { fill: p.dark, r: 10 }) +
  repeat(4, (i) => circle([320, 210 + i * 62], 6, p.paper));

export const sneaker: Motif = (p) =>
  path('M100 250 c40 40 90 20 110 -40 l60 -10 c40 90 110 130 190 140 c50 8 60 60 50 80 h-410 z', p.main) +
  path('M90 400 h430 c0 34 -20 46 -50 46 h-340 c-30 0 -40 -18 -40 -46z', p.paper) +
  rect([94, 424], [420, 14], { fill: p.accent, r: 7 }) +
  line('M262 226 l-36 26 M284 258 l-40 26 M310 288 l-40 26', p.paper, 9) +
  path('M100 250 c20 24 46 26 66 16 l-10 132 h-56z', p.dark);

export const scarf: Motif = (p) =>
  path('M190 150 q110 70 220 0 q40 40 10 90 q-120 70 -240 0 q-30 -50 10 -90z', p.main) +
  path('M320 240 l70 -10 20 210 h-86z', p.dark) +
  path('M250 246 l70 0 -10 180 h-84z', p.light) +
  repeat(3, (i) => rect([236, 300 + i * 44], [78, 14], { fill: p.accent })) +
  repeat(6, (i) => line(`M${234 + i * 14} 428 v20`, p.dark, 5)) +
  repeat(6, (i) => line(`M${330 + i * 15} 442 v18`, p.main, 5));

export const beanie: Motif = (p) =>
  circle([300, 110], 44, p.accent) +
  path('M140 350 C130 90 470 90 460 350z', p.main) +
  repeat(5, (i) => line(`M${190 + i * 55} 340 Q${220 + i * 40} 200 ${262 + i * 19} 150`, p.dark, 6)) +
  rect([120, 336], [360, 100], { fill: p.light, r: 36 }) +
  repeat(10, (i) => rect([146 + i * 33, 350], [8, 72], { fill: p.main, r: 4 }));

export const belt: Motif = (p) =>
  `<ellipse cx="300" cy="300" rx="180" ry="120" fill="none" stroke="${p.bark}" stroke-width="52"/>` +
  `<ellipse cx="300" cy="300" rx="180" ry="120" fill="none" stroke="${p.wood}" stroke-width="4" stroke-dasharray="12 10"/>` +
  rect([246, 374], [108, 92], { fill: p.metal, r: 14 }) +
  rect([266, 394], [68, 52], { fill: p.bark, r: 6 }) +
  rect([290, 380], [14, 78], { fill: p.steel, r: 6 });

export const wallet: Motif = (p) =>
  rect([150, 150], [280, 90], { fill: p.accent, r: 12 }) +
  rect([170, 176], [250, 90], { fill: p.light, r: 12 }) +
  rect([120, 210], [360, 230], { fill: p.main, r: 24 }) +
  line('M140 232 h320 M140 418 h320', p.light, 4) +
  rect([380, 290], [110, 70], { fill: p.dark, r: 20 }) +
  circle([416, 325], 14, p.metal);

export const sunglasses: Motif = (p) =>
  line('M100 250 L60 210 M500 250 L540 210', p.dark, 16) +
  rect([90, 230], [190, 140], { fill: p.main, r: 56 }) +
  rect([320, 230], [190, 140], { fill: p.main, r: 56 }) +
  line('M272 280 Q300 252 328 280', p.main, 18) +
  rect([108, 248], [154, 104], { fill: p.ink, r: 42 }) +
  rect([338, 248], [154, 104], { fill: p.ink, r: 42 }) +
  shine('M130 330 L200 254 h34 L160 344z') +
  shine('M360 330 L430 254 h34 L390 344z');

export const shirt: Motif = (p) =>
  path('M220 120 L110 180 L150 280 L194 262 V450 h212 V262 L450 280 L490 180 L380 120 q-80 70 -160 0z', p.main) +
  path('M220 120 q80 70 160 0 l-22 -8 q-58 44 -116 0z', p.dark) +
  rect([194, 300], [212, 26], { fill: p.light }) +
  rect([194, 336], [212, 14], { fill: p.accent });

export const umbrella: Motif = (p) =>
  line('M300 270 V420 q0 36 36 36 q34 0 34 -34', p.wood, 14) +
  path(
    'M80 290 C90 60 510 60 520 290 q-36 -34 -73 0 q-37 -34 -74 0 q-36 -34 -73 0 q-37 -34 -73 0 q-37 -34 -74 0 q-36 -34 -73 0z',
    p.main,
  ) +
  path('M227 290 C230 190 260 130 300 118 C340 130 370 190 373 290 q-36 -34 -73 0 q-37 -34 -73 0z', p.light) +
  rect([294, 92], [12, 34], { fill: p.ink, r: 6 });

export const blocks: Motif = (p) =>
  rect([120, 310], [140, 140], { fill: p.main, r: 16 }) +
  rect([270, 310], [140, 140], { fill: p.accent, r: 16 }) +
  rect([190, 164], [140, 140], { fill: p.light, r: 16 }) +
  path('M420 450 L500 310 L580 450z', p.dark) +
  circle([190, 380], 36, p.paper) +
  path('M340 340 l14 28 32 4 -24 22 6 32 -28 -16 -28 16 6 -32 -24 -22 32 -4z', p.paper) +
  path('M230 272 v-76 h30 q40 4 18 36 q34 30 -12 40z', p.dark);

export const puzzle: Motif = (p) =>
  path('M110 170 h170 v50 a36 36 0 1 1 0 66 v44 h-50 a36 36 0 1 0 -66 0 h-54z', p.main) +
  path('M290 170 h170 v160 h-50 a36 36 0 1 1 -66 0 h-54 v-40 a36 36 0 1 0 0 -66z', p.light) +
  path('M110 340 h50 a36 36 0 1 1 66 0 h54 v110 h-170z', p.accent) +
  turned(8, path('M330 370 h170 v110 h-170 v-30 a30 30 0 1 1 0 -50z', p.dark));

export const train: Motif = (p) =>
  rect([90, 240], [130, 150], { fill: p.accent, r: 12 }) +
  rect([110, 262], [90, 60], { fill: p.light, r: 8 }) +
  rect([240, 290], [220, 100], { fill: p.main, r: 20 }) +
  rect([240, 190], [110, 200], { fill: p.main, r: 14 }) +
  rect([256, 210], [78, 60], { fill: p.light, r: 8 }) +
  rect([400, 230], [36, 66], { fill: p.ink }) +
  rect([388, 216], [60, 24], { fill: p.dark, r: 8 }) +
  circle([430, 170], 20, p.paper) +
  circle([470, 140], 26, p.paper) +
  [130, 190, 280, 350, 420].map((x) => circle([x, 406], 30, p.ink) + circle([x, 406], 12, p.wood)).join('') +
  rect([60, 438], [480, 12], { fill: p.bark, r: 6 });

export const bear: Motif = (p) =>
  circle([220, 160], 42, p.bark) +
  circle([380, 160], 42, p.bark) +
  ellipse([300, 380], [120, 96], p.wood) +
  circle([300, 220], 110, p.wood) +
  ellipse([300, 256], [54, 42], '#ecd3ae') +
  circle([258, 200], 13, p.ink) +
  circle([342, 200], 13, p.ink) +
  ellipse([300, 240], [18, 13], p.ink) +
  ellipse([300, 390], [66, 58], '#ecd3ae') +
  ellipse([190, 350], [36, 60], p.bark) +
  ellipse([410, 350], [36, 60], p.bark) +
  path('M250 318 l50 18 50 -18 v40 l-50 -18 -50 18z', p.main);

export const dice: Motif = (p) =>
  rect([90, 250], [300, 200], { fill: p.wood, r: 14 }) +
  rect([104, 264], [272, 172], { fill: p.main, r: 8 }) +
  repeat(4, (i) => repeat(3, (j) => rect([116 + i * 64 + (j % 2) * 32, 276 + j * 52], [32, 52], { fill: p.light }))) +
  turned(
    12,
    rect([340, 150], [130, 130], { fill: p.paper, r: 26 }) +
      [
        [370, 180],
        [440, 180],
        [405, 215],
        [370, 250],
        [440, 250],
      ]
        .map(([x = 0, y = 0]) => circle([x, y], 11, p.accent))
        .join(''),
  ) +
  circle([430, 400], 34, p.dark) +
  circle([430, 354], 20, p.dark);

export const kite: Motif = (p) =>
  path('M340 70 L480 220 L300 400 L190 190z', p.main) +
  path('M340 70 L300 400 L190 190z', p.light) +
  line('M340 70 L300 400 M190 190 L480 220', p.bark, 6) +
  line('M300 400 C240 440 320 470 220 500', p.dark, 6) +
  path('M256 440 l-24 -18 0 36z M256 440 l26 -14 -4 34z', p.accent) +
  path('M216 490 l-24 -12 6 34z', p.accent);

export const rocket: Motif = (p) =>
  turned(
    24,
    path('M300 60 c70 60 90 160 70 300 h-140 c-20 -140 0 -240 70 -300z', p.paper) +
      path('M300 60 c34 30 56 70 66 116 h-132 c10 -46 32 -86 66 -116z', p.accent) +
      circle([300, 236], 38, p.dark) +
      circle([300, 236], 25, p.light) +
      path('M232 290 L160 400 l74 -30z M368 290 L440 400 l-74 -30z', p.main) +
      path('M256 366 h88 l-20 90 -24 -30 -24 30z', '#f4a742'),
  );

export const cards: Motif = (p) =>
  turned(
    -16,
    rect([150, 160], [180, 260], { fill: p.dark, r: 20 }) + rect([168, 178], [144, 224], { fill: p.main, r: 12 }),
  ) +
  turned(4, rect([220, 150], [180, 260], { fill: p.light, r: 20 })) +
  turned(
    22,
    rect([290, 150], [180, 260], { fill: p.paper, r: 20 }) +
      path('M380 230 c50 -60 110 20 0 100 c-110 -80 -50 -160 0 -100z', p.accent),
  );

export const notebook: Motif = (p) =>
  rect([180, 120], [260, 330], { fill: p.dark, r: 16 }) +
  rect([170, 112], [260, 330], { fill: p.main, r: 16 }) +
  rect([170, 112], [44, 330], { fill: p.dark, r: 14 }) +
  rect([392, 112], [14, 330], { fill: p.accent }) +
  rect([240, 170], [126, 70], { fill: p.paper, r: 8 }) +
  rect([256, 190], [90, 8], { fill: p.steel, r: 4 }) +
  rect([256, 210], [60, 8], { fill: p.steel, r: 4 });

export const book: Motif = (p) =>
  path('M300 190 C250 150 160 150 90 170 V430 C160 410 250 410 300 450z', p.paper) +
  path('M300 190 C350 150 440 150 510 170 V430 C440 410 350 410 300 450z', '#efe7d6') +
  line('M300 190 V450', p.steel, 5) +
  repeat(6, (i) => line(`M126 ${216 + i * 34} q70 -14 142 14`, p.steel, 5)) +
  repeat(3, (i) => line(`M334 ${226 + i * 34} q70 -26 142 -14`, p.steel, 5)) +
  path('M334 340 q70 -26 142 -14 v66 q-72 -12 -142 14z', p.main) +
  path('M420 150 h40 v120 l-20 -20 -20 20z', p.accent);

export const books: Motif = (p) =>
  rect([130, 380], [340, 66], { fill: p.main, r: 10 }) +
  rect([160, 314], [300, 60], { fill: p.dark, r: 10 }) +
  rect([140, 246], [290, 62], { fill: p.accent, r: 10 }) +
  rect([176, 184], [260, 56], { fill: p.light, r: 10 }) +
  rect([190, 402], [120, 14], { fill: p.paper, r: 7 }) +
  rect([220, 336], [90, 12], { fill: p.paper, r: 6 }) +
  rect([180, 270], [140, 12], { fill: p.paper, r: 6 }) +
  rect([226, 206], [80, 12], { fill: p.dark, r: 6 });

export const pen: Motif = (p) =>
  turned(
    40,
    rect([270, 60], [60, 150], { fill: p.dark, r: 20 }) +
      rect([326, 80], [16, 130], { fill: p.metal, r: 8 }) +
      rect([268, 206], [64, 20], { fill: p.metal }) +
      rect([274, 226], [52, 150], { fill: p.main }) +
      path('M278 376 h44 l-8 40 -14 60 -14 -60z', p.metal) +
      line('M300 420 v44', p.ink, 3),
  ) + line('M100 470 q40 -40 80 0 t80 0', p.ink, 7);

export const pencils: Motif = (p) =>
  repeat(6, (i) => {
    const colors = [p.main, p.accent, p.light, p.dark, '#e0a13c', '#5f8f4e'];
    const color = colors[i] ?? p.main;
    const x = 132 + i * 58;
    const top = 110 + (i % 3) * 22;
    return (
      path(`M${x} ${top + 60} l23 -60 23 60z`, '#ecd3ae') +
      path(`M${x + 14} ${top + 24} l9 -24 9 24z`, color) +
      rect([x, top + 60], [46, 250], { fill: color })
    );
  }) +
  rect([110, 330], [380, 120], { fill: p.paper, r: 18 }) +
  rect([140, 372], [160, 14], { fill: p.main, r: 7 }) +
  rect([140, 398], [100, 12], { fill: p.steel, r: 6 });

export const ink: Motif = (p) =>
  rect([250, 130], [100, 70], { fill: p.ink, r: 14 }) +
  rect([266, 196], [68, 30], { fill: p.steel }) +
  path('M180 226 h240 l40 60 v140 c0 14 -10 24 -24 24 h-272 c-14 0 -24 -10 -24 -24 v-140z', p.light) +
  path('M140 330 h320 v96 c0 14 -10 24 -24 24 h-272 c-14 0 -24 -10 -24 -24z', p.main) +
  rect([220, 286], [160, 100], { fill: p.paper, r: 10 }) +
  path('M300 300 q28 40 0 62 q-28 -22 0 -62z', p.dark);

export const globe: Motif = (p) =>
  line('M180 150 A190 190 0 0 0 420 420', p.wood, 14) +
  circle([310, 260], 140, p.main) +
  path('M240 170 q60 -40 110 0 q10 50 -40 60 q-20 50 -70 20 q-30 -40 0 -80z', '#79a866') +
  path('M330 290 q50 -20 90 10 q-10 60 -60 80 q-40 -30 -30 -90z', '#79a866') +
  shine('M200 230 q20 -70 80 -92 q-50 60 -40 150 q-40 -10 -40 -58z') +
  rect([290, 410], [30, 30], { fill: p.bark }) +
  rect([210, 434], [190, 18], { fill: p.bark, r: 9 });

export const desk: Motif = (p) =>
  rect([100, 250], [400, 22], { fill: p.wood, r: 8 }) +
  line('M140 272 L120 450 M460 272 L480 450', p.bark, 16) +
  rect([330, 272], [110, 70], { fill: p.bark, r: 6 }) +
  circle([385, 306], 7, p.metal) +
  rect([180, 170], [120, 80], { fill: p.main, r: 8 }) +
  rect([190, 180], [100, 60], { fill: p.light, r: 4 }) +
  path('M400 250 v-40 h44 v40z', p.accent) +
  path('M422 210 q-34 -30 0 -70 q34 40 0 70z', '#5f8f4e');
