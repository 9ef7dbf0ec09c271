import { circle, ellipse, line, type Motif, path, rect, repeat, ring, shine, turned } from './shapes.ts';

export const tent: Motif = (p) =>
  path('M300 120 L520 440 H80z', p.main) +
  path('M300 120 L520 440 H400z', p.dark) +
  path('M300 200 L380 440 H220z', p.ink) +
  path('M300 200 L240 440 H220z', p.light) +
  line('M300 120 V90 M80 440 L40 456 M520 440 L560 456', p.steel, 6) +
  path('M300 90 h40 l-10 12 10 12 h-40z', p.accent);

export const sleepingBag: Motif = (p) =>
  ellipse([430, 340], [70, 100], p.dark) +
  rect([140, 240], [290, 200], { fill: p.main, r: 60 }) +
  ellipse([170, 340], [70, 100], p.light) +
  ring([170, 340], 40, { color: p.dark, width: 8 }) +
  ring([170, 340], 18, { color: p.dark, width: 8 }) +
  rect([260, 240], [24, 200], { fill: p.ink }) +
  rect([360, 240], [24, 200], { fill: p.ink }) +
  rect([256, 320], [32, 40], { fill: p.accent, r: 6 });

export const stove: Motif = (p) =>
  path('M190 130 h220 v90 c0 20 -14 30 -30 30 h-160 c-16 0 -30 -10 -30 -30z', p.metal) +
  rect([404, 150], [110, 18], { fill: p.ink, r: 9 }) +
  path('M262 300 q-10 -30 12 -46 q2 24 16 20 q-2 -22 14 -34 q30 30 26 60z', '#f4a742') +
  path('M200 260 l30 46 M400 260 l-30 46', p.ink) +
  line('M210 256 L240 306 H360 L390 256', p.steel, 12) +
  rect([220, 306], [160, 140], { fill: p.main, r: 34 }) +
  rect([220, 350], [160, 44], { fill: p.paper }) +
  rect([380, 318], [70, 14], { fill: p.accent, r: 7 });

export const bottle: Motif = (p) =>
  rect([262, 80], [76, 56], { fill: p.ink, r: 12 }) +
  line('M286 84 C286 50 340 50 340 84', p.ink, 10) +
  path(
    'M250 136 h100 c0 30 44 40 44 90 v190 c0 20 -14 34 -34 34 h-120 c-20 0 -34 -14 -34 -34 v-190 c0 -50 44 -60 44 -90z',
    p.main,
  ) +
  shine('M226 250 q0 -24 20 -34 v210 q-20 -4 -20 -24z') +
  path('M206 330 L260 280 L300 320 L346 262 L394 320 V370 H206z', p.light);

export const headlamp: Motif = (p) =>
  line('M110 300 C110 130 490 130 490 300', p.dark, 40) +
  line('M300 174 V290', p.dark, 34) +
  `<path d="M250 380 L170 520 H430 L350 380z" fill="#ffe9a8" opacity="0.8"/>` +
  rect([210, 250], [180, 140], { fill: p.main, r: 30 }) +
  circle([300, 320], 54, p.ink) +
  circle([300, 320], 36, '#fff3c4') +
  rect([360, 262], [18, 30], { fill: p.accent, r: 6 });

export const hammock: Motif = (p) =>
  rect([70, 110], [24, 340], { fill: p.bark }) +
  rect([506, 110], [24, 340], { fill: p.bark }) +
  line('M92 190 L170 240 M508 190 L430 240', p.wood, 7) +
  path('M160 230 C220 400 380 400 440 230 C430 460 170 460 160 230z', p.main) +
  path('M200 300 C250 400 350 400 400 300 C380 420 220 420 200 300z', p.light) +
  path('M60 60 h50 l-6 60 h-36z M490 60 h50 l-6 60 h-36z', '#5f8f4e');

export const backpack: Motif = (p) =>
  line('M250 130 C250 80 350 80 350 130', p.dark, 16) +
  rect([176, 120], [248, 330], { fill: p.main, r: 80 }) +
  path('M176 240 V200 a80 80 0 0 1 80 -80 h88 a80 80 0 0 1 80 80 v40z', p.dark) +
  rect([206, 300], [188, 130], { fill: p.light, r: 26 }) +
  rect([206, 330], [188, 10], { fill: p.dark }) +
  rect([286, 226], [28, 44], { fill: p.accent, r: 6 }) +
  rect([150, 260], [30, 130], { fill: p.dark, r: 15 }) +
  rect([420, 260], [30, 130], { fill: p.dark, r: 15 });

export const binoculars: Motif = (p) =>
  rect([256, 210], [88, 90], { fill: p.ink, r: 20 }) +
  path('M176 150 h84 l14 210 h-138z', p.main) +
  path('M340 150 h84 l40 210 h-138z', p.main) +
  rect([170, 126], [96, 40], { fill: p.ink, r: 14 }) +
  rect([334, 126], [96, 40], { fill: p.ink, r: 14 }) +
  ellipse([205, 376], [76, 60], p.ink) +
  ellipse([395, 376], [76, 60], p.ink) +
  ellipse([205, 380], [52, 42], p.light) +
  ellipse([395, 380], [52, 42], p.light) +
  circle([300, 240], 20, p.accent);

export const boot: Motif = (p) =>
  path('M190 110 h130 v170 c60 10 150 50 150 120 v30 h-300 c0 -110 30 -190 20 -320z', p.main) +
  path('M170 400 h300 v40 h-312z', p.ink) +
  rect([180, 104], [146, 40], { fill: p.dark, r: 14 }) +
  line('M236 180 h70 M236 220 h70 M240 260 h76 M262 298 h84', p.accent, 10) +
  path('M380 330 q80 24 90 80 h-110z', p.dark);

export const map: Motif = (p) =>
  path('M100 190 L230 150 V410 L100 450z', p.light) +
  path('M230 150 L370 190 V450 L230 410z', p.main) +
  path('M370 190 L500 150 V410 L370 450z', p.light) +
  line('M130 400 C200 300 260 360 300 280 S420 260 470 190', p.accent, 8) +
  path('M440 120 a34 34 0 0 1 34 34 c0 30 -34 60 -34 60 s-34 -30 -34 -60 a34 34 0 0 1 34 -34z', '#c94f43') +
  circle([440, 154], 12, p.paper);

const wheel = (x: number, color: string, tire: string) =>
  ring([x, 356], 92, { color: tire, width: 14 }) +
  repeat(8, (i) => `<g transform="rotate(${i * 22.5} ${x} 356)">${line(`M${x} 268 V444`, color, 2)}</g>`) +
  circle([x, 356], 12, tire);

export const bicycle: Motif = (p) =>
  wheel(160, p.steel, p.ink) +
  wheel(440, p.steel, p.ink) +
  line('M160 356 L236 220 H392 L286 356z M236 220 L286 356 M440 356 L384 176', p.main, 14) +
  line('M384 176 h-34 M384 176 h46 q20 0 20 20', p.ink, 12) +
  line('M232 220 L222 188', p.main, 12) +
  rect([186, 172], [76, 20], { fill: p.bark, r: 10 }) +
  circle([286, 356], 22, p.accent);

export const helmet: Motif = (p) =>
  path('M100 340 C100 120 460 90 500 320 c2 20 -10 30 -30 30 h-330 c-24 0 -40 -4 -40 -10z', p.main) +
  path('M180 310 q10 -120 110 -150 q-50 70 -40 150z M300 310 q-10 -100 40 -160 q60 60 60 160z', p.dark) +
  path('M100 336 h400 q4 34 -40 34 h-320 q-40 0 -40 -34z', p.ink) +
  line('M190 370 L270 450 M400 370 L290 450', p.ink, 10) +
  rect([258, 436], [44, 24], { fill: p.accent, r: 8 });

export const lock: Motif = (p) =>
  line('M200 280 V210 C200 90 400 90 400 210 V280', p.steel, 34) +
  rect([150, 270], [300, 180], { fill: p.main, r: 26 }) +
  rect([150, 400], [300, 50], { fill: p.dark, r: 24 }) +
  circle([300, 340], 28, p.ink) +
  rect([290, 344], [20, 52], { fill: p.ink, r: 6 });

export const pump: Motif = (p) =>
  rect([200, 80], [200, 30], { fill: p.wood, r: 15 }) +
  rect([291, 104], [18, 130], { fill: p.metal }) +
  rect([262, 220], [76, 200], { fill: p.main, r: 12 }) +
  rect([200, 416], [200, 32], { fill: p.ink, r: 10 }) +
  line('M338 390 C440 380 420 270 470 250', p.ink, 10) +
  circle([214, 376], 44, p.metal) +
  circle([214, 376], 34, p.paper) +
  line('M214 376 L232 356', p.accent, 6);

export const bikeLight: Motif = (p) =>
  `<path d="M360 230 L560 130 V430 L360 330z" fill="#ffe9a8" opacity="0.8"/>` +
  rect([150, 210], [220, 140], { fill: p.main, r: 40 }) +
  rect([340, 220], [40, 120], { fill: p.ink, r: 14 }) +
  rect([200, 238], [70, 14], { fill: p.dark, r: 7 }) +
  circle([200, 310], 9, p.accent) +
  rect([210, 350], [80, 40], { fill: p.ink }) +
  ring([250, 420], 34, { color: p.steel, width: 18 });

export const pannier: Motif = (p) =>
  line('M220 150 h40 M340 150 h40', p.ink, 16) +
  path('M170 170 h260 l20 260 c0 12 -8 20 -20 20 h-260 c-12 0 -20 -8 -20 -20z', p.main) +
  path('M160 150 h280 v90 q-140 40 -280 0z', p.dark) +
  rect([230, 230], [24, 120], { fill: p.ink, r: 4 }) +
  rect([346, 230], [24, 120], { fill: p.ink, r: 4 }) +
  rect([270, 340], [60, 60], { fill: p.light, r: 10 }) +
  shine('M166 260 l20 6 -6 176 h-16 q-10 0 -10 -12z');

export const gloves: Motif = (p) =>
  turned(
    -10,
    path(
      'M150 260 v-90 q0 -20 18 -20 t18 20 v-40 q0 -20 18 -20 t18 20 v0 q0 -18 18 -18 t18 18 v40 q0 -16 16 -16 t16 16 v110 l26 -30 q20 -8 22 14 l-48 96 v90 h-122z',
      p.main,
    ) +
      rect([160, 400], [130, 50], { fill: p.dark, r: 12 }) +
      rect([190, 300], [70, 50], { fill: p.ink, r: 14 }) +
      repeat(3, (i) => circle([206 + i * 20, 325], 5, p.accent)),
  ) +
  turned(
    14,
    rect([330, 210], [120, 230], { fill: p.light, r: 40 }) + rect([336, 390], [108, 50], { fill: p.dark, r: 12 }),
  );

export const multiTool: Motif = (p) =>
  turned(
    -30,
    rect([190, 250], [240, 90], { fill: p.main, r: 40 }) +
      rect([210, 274], [200, 42], { fill: p.dark, r: 18 }) +
      path('M190 270 L80 240 l-6 26 L190 310z', p.metal) +
      path('M430 280 h110 v16 h-110z', p.steel) +
      path('M420 320 l70 90 20 -14 -56 -96z', p.metal) +
      circle([230, 295], 10, p.paper) +
      circle([390, 295], 10, p.paper),
  );

export const saddle: Motif = (p) =>
  path(
    'M110 230 C150 180 240 220 300 236 C370 254 440 246 490 252 c20 4 20 30 0 34 C420 300 330 310 280 320 C210 350 130 330 110 230z',
    p.main,
  ) +
  line('M170 300 L240 390 H340 L470 286', p.steel, 12) +
  rect([270, 384], [40, 66], { fill: p.ink, r: 6 }) +
  shine('M130 240 q40 -36 120 -6 q-60 0 -100 30z');
