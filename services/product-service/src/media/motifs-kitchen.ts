import { circle, ellipse, line, type Motif, path, rect, repeat, ring, shine, turned } from './shapes.ts';

export const knife: Motif = (p) =>
  turned(
    -38,
    path('M90 290 C140 240 300 236 372 262 V322 H150 C120 322 96 312 90 290z', p.metal) +
      path('M90 290 C140 276 300 288 372 300 V322 H150 C120 322 96 312 90 290z', p.steel) +
      rect([372, 254], [26, 76], { fill: p.ink, r: 6 }) +
      rect([394, 262], [150, 56], { fill: p.main, r: 24 }) +
      repeat(3, (i) => circle([424 + i * 44, 290], 7, p.paper)),
  );

export const pan: Motif = (p) =>
  rect([404, 316], [170, 34], { fill: p.wood, r: 17 }) +
  path('M110 300 h320 c0 90 -60 120 -100 120 h-120 c-40 0 -100 -30 -100 -120z', p.ink) +
  ellipse([270, 300], [162, 48], p.steel) +
  ellipse([270, 302], [142, 38], p.main) +
  ellipse([250, 300], [46, 18], p.paper) +
  circle([248, 298], 13, '#f4b942');

export const pot: Motif = (p) =>
  rect([100, 284], [60, 24], { fill: p.dark, r: 12 }) +
  rect([440, 284], [60, 24], { fill: p.dark, r: 12 }) +
  path('M140 260 h320 v120 c0 40 -30 66 -66 66 h-188 c-36 0 -66 -26 -66 -66z', p.main) +
  shine('M160 280 h28 v130 q-28 -10 -28 -40z') +
  path('M128 262 C140 190 460 190 472 262z', p.dark) +
  circle([300, 190], 24, p.wood) +
  line('M230 150 q14 -24 0 -46 M370 150 q14 -24 0 -46', p.paper, 8);

export const board: Motif = (p) =>
  turned(
    -14,
    rect([170, 130], [260, 300], { fill: p.wood, r: 34 }) +
      rect([262, 60], [76, 100], { fill: p.wood, r: 34 }) +
      circle([300, 98], 16, p.paper) +
      repeat(5, (i) => rect([196 + i * 46, 150], [6, 260], { fill: p.bark, r: 3 })),
  ) +
  circle([380, 380], 50, '#d9503f') +
  path('M380 334 q-10 -22 14 -34 q6 22 -14 34z', '#4c8c4a');

export const bowls: Motif = (p) =>
  path('M120 330 h360 c0 80 -70 118 -130 118 h-100 c-60 0 -130 -38 -130 -118z', p.main) +
  ellipse([300, 330], [180, 30], p.dark) +
  path('M160 240 h280 c0 60 -54 90 -100 90 h-80 c-46 0 -100 -30 -100 -90z', p.light) +
  ellipse([300, 240], [140, 24], p.main) +
  path('M200 166 h200 c0 44 -40 72 -74 72 h-52 c-34 0 -74 -28 -74 -72z', p.paper) +
  ellipse([300, 166], [100, 18], p.light);

export const blender: Motif = (p) =>
  path('M200 120 h200 l-24 200 h-152z', p.paper) +
  path('M211 210 h178 l-13 110 h-152z', p.accent) +
  rect([190, 100], [220, 28], { fill: p.ink, r: 10 }) +
  line('M392 150 h40 v110 h-52', p.ink, 16) +
  path('M214 320 h172 l34 130 h-240z', p.main) +
  circle([300, 390], 28, p.ink) +
  line('M300 390 L312 372', p.paper, 6);

export const scale: Motif = (p) =>
  rect([110, 350], [380, 90], { fill: p.main, r: 24 }) +
  rect([236, 376], [128, 42], { fill: p.ink, r: 8 }) +
  line('M262 386 v22 M286 386 v22 M310 386 h16 v11 h-16 v11 h16', p.light, 5) +
  ellipse([300, 340], [170, 24], p.metal) +
  circle([250, 284], 46, '#e08a3c') +
  circle([338, 290], 40, '#c94f43') +
  path('M250 240 q14 -28 34 -22 q-6 22 -34 22z', '#4c8c4a');

export const utensils: Motif = (p) =>
  rect([206, 270], [188, 180], { fill: p.main, r: 26 }) +
  rect([206, 300], [188, 20], { fill: p.dark }) +
  rect([236, 150], [16, 130], { fill: p.wood }) +
  ellipse([244, 130], [30, 44], p.wood) +
  rect([292, 140], [16, 130], { fill: p.metal }) +
  ring([300, 106], 30, { color: p.metal, width: 7 }) +
  ring([300, 106], 16, { color: p.metal, width: 6 }) +
  rect([350, 160], [16, 120], { fill: p.bark }) +
  rect([330, 84], [56, 86], { fill: p.accent, r: 14 });

export const toaster: Motif = (p) =>
  rect([190, 150], [90, 130], { fill: p.wood, r: 30 }) +
  rect([320, 170], [90, 110], { fill: p.wood, r: 30 }) +
  rect([110, 240], [380, 200], { fill: p.main, r: 54 }) +
  shine('M130 300 q0 -44 40 -44 h20 v170 h-30 q-30 0 -30 -30z') +
  rect([470, 290], [40, 22], { fill: p.ink, r: 8 }) +
  circle([430, 392], 18, p.paper) +
  rect([140, 436], [50, 16], { fill: p.ink, r: 6 }) +
  rect([410, 436], [50, 16], { fill: p.ink, r: 6 });

export const jars: Motif = (p) =>
  repeat(3, (i) => {
    const x = 110 + i * 132;
    const fills = [p.accent, '#e9d8a6', p.main];
    return (
      rect([x, 210], [116, 240], { fill: p.paper, r: 24 }) +
      rect([x + 10, 270 + i * 20], [96, 170 - i * 20], { fill: fills[i] ?? p.main, r: 16 }) +
      rect([x + 6, 178], [104, 40], { fill: p.wood, r: 12 })
    );
  });

export const kettle: Motif = (p) =>
  line('M206 210 C190 90 410 90 394 210', p.ink, 22) +
  path('M180 240 c20 -50 220 -50 240 0 l36 170 c4 24 -14 40 -36 40 h-240 c-22 0 -40 -16 -36 -40z', p.main) +
  path('M424 270 l90 -50 16 22 -84 90z', p.dark) +
  shine('M200 260 q8 -22 26 -24 l-24 180 q-34 -4 -30 -30z') +
  circle([300, 196], 18, p.wood);

export const gooseneck: Motif = (p) =>
  line('M398 400 C500 400 430 220 520 190', p.dark, 20) +
  path('M190 230 h210 l26 200 c0 14 -8 20 -20 20 h-222 c-12 0 -20 -6 -20 -20z', p.main) +
  line('M190 260 C90 250 90 410 170 410', p.wood, 22) +
  path('M204 230 c20 -34 160 -34 182 0z', p.dark) +
  circle([295, 194], 15, p.wood);

export const dripper: Motif = (p) =>
  path('M190 130 h220 l-66 140 h-88z', p.paper) +
  path('M206 164 h188 l-50 106 h-88z', '#6b4226') +
  rect([180, 266], [240, 18], { fill: p.main, r: 9 }) +
  path('M226 284 h148 l40 130 c4 20 -8 34 -26 34 h-176 c-18 0 -30 -14 -26 -34z', p.light) +
  path('M204 370 h192 l14 46 c4 20 -8 32 -24 32 h-172 c-16 0 -28 -12 -24 -32z', '#6b4226') +
  line('M408 320 c50 0 50 80 14 84', p.main, 16);

export const frenchPress: Motif = (p) =>
  rect([292, 96], [16, 90], { fill: p.steel }) +
  circle([300, 92], 20, p.ink) +
  rect([206, 176], [188, 30], { fill: p.main, r: 12 }) +
  rect([214, 206], [172, 230], { fill: p.paper, r: 14 }) +
  rect([222, 300], [156, 128], { fill: '#6b4226', r: 10 }) +
  rect([222, 286], [156, 12], { fill: p.steel, r: 4 }) +
  line('M390 240 h50 v140 h-50', p.main, 22) +
  rect([200, 432], [200, 18], { fill: p.ink, r: 9 });

export const espressoMachine: Motif = (p) =>
  rect([140, 140], [320, 310], { fill: p.main, r: 26 }) +
  rect([170, 240], [260, 150], { fill: p.ink, r: 12 }) +
  circle([220, 190], 26, p.paper) +
  line('M220 190 L234 176', p.accent, 5) +
  circle([300, 190], 14, p.metal) +
  circle([346, 190], 14, p.metal) +
  rect([252, 240], [96, 34], { fill: p.metal, r: 6 }) +
  rect([340, 252], [110, 18], { fill: p.wood, r: 9 }) +
  path('M262 340 h76 c0 34 -18 46 -38 46 s-38 -12 -38 -46z', p.paper) +
  line('M290 278 v44 M310 278 v44', '#8a5d35', 5) +
  rect([150, 396], [300, 26], { fill: p.metal, r: 8 });

export const grinder: Motif = (p) =>
  line('M300 130 h120', p.steel, 14) +
  circle([424, 118], 22, p.wood) +
  path('M220 200 c0 -70 160 -70 160 0z', p.metal) +
  rect([206, 196], [188, 100], { fill: p.main, r: 10 }) +
  path('M216 296 h168 l22 150 h-212z', p.wood) +
  rect([246, 350], [108, 64], { fill: p.bark, r: 8 }) +
  circle([300, 382], 9, p.metal);

export const mugs: Motif = (p) =>
  line('M236 300 c-70 0 -70 96 0 96', p.dark, 20) +
  rect([226, 270], [150, 176], { fill: p.dark, r: 22 }) +
  line('M450 250 c76 0 76 110 0 110', p.main, 22) +
  rect([290, 214], [170, 232], { fill: p.main, r: 26 }) +
  rect([290, 300], [170, 46], { fill: p.light }) +
  line('M330 180 q16 -26 0 -50 M380 180 q16 -26 0 -50 M430 180 q16 -26 0 -50', p.paper, 9);

export const coffeeBag: Motif = (p) =>
  path('M200 130 h200 l24 60 v240 c0 12 -8 20 -20 20 h-208 c-12 0 -20 -8 -20 -20 v-240z', p.main) +
  rect([200, 118], [200, 30], { fill: p.dark, r: 6 }) +
  rect([206, 220], [188, 150], { fill: p.paper, r: 14 }) +
  turned(0, ellipse([300, 280], [40, 54], '#6b4226') + line('M300 230 q-22 50 0 100', p.paper, 7)) +
  rect([246, 346], [108, 9], { fill: p.accent, r: 4 }) +
  circle([300, 404], 10, p.dark);

export const teapot: Motif = (p) =>
  line('M160 270 C70 250 90 400 180 390', p.dark, 22) +
  path('M410 320 c60 -10 40 -90 110 -100 l10 22 c-40 20 -40 130 -110 130z', p.dark) +
  ellipse([296, 340], [140, 110], p.main) +
  path('M206 260 c20 -50 160 -50 180 0z', p.light) +
  circle([296, 208], 20, p.accent) +
  shine('M190 320 q16 -56 60 -66 q-40 60 -30 140 q-30 -24 -30 -74z');

export const tin: Motif = (p) =>
  rect([196, 200], [208, 250], { fill: p.main, r: 16 }) +
  rect([188, 160], [224, 62], { fill: p.dark, r: 14 }) +
  rect([196, 270], [208, 120], { fill: p.paper }) +
  path('M300 290 q46 26 0 82 q-46 -56 0 -82z', '#5f8f4e') +
  path('M268 312 q30 10 32 60 q-46 -10 -32 -60z M332 312 q-30 10 -32 60 q46 -10 32 -60z', '#79a866') +
  shine('M206 222 h22 v222 h-14 q-8 0 -8 -8z');

export const mokaPot: Motif = (p) =>
  path('M214 150 h172 l16 140 h-204z', p.metal) +
  path('M198 290 h204 l20 160 h-244z', p.main) +
  rect([196, 282], [208, 16], { fill: p.ink }) +
  path('M214 150 l40 -34 h92 l40 34z', p.steel) +
  circle([300, 106], 14, p.ink) +
  line('M392 170 h60 l14 130', p.ink, 20) +
  path('M214 150 l-34 12 24 34z', p.steel);
