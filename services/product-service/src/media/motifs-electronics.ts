import { circle, ellipse, line, type Motif, path, rect, repeat, ring, shine, turned } from './shapes.ts';

export const headphones: Motif = (p) =>
  line('M165 340 C150 130 450 130 435 340', p.dark, 34) +
  line('M178 322 C170 165 430 165 422 322', p.main, 14) +
  rect([128, 300], [84, 140], { fill: p.main, r: 40 }) +
  rect([388, 300], [84, 140], { fill: p.main, r: 40 }) +
  rect([192, 315], [34, 110], { fill: p.ink, r: 17 }) +
  rect([374, 315], [34, 110], { fill: p.ink, r: 17 }) +
  shine('M146 330 q8 -16 20 -16 v90 q-20 -20 -20 -74z');

export const earbuds: Motif = (p) =>
  rect([170, 300], [260, 150], { fill: p.main, r: 70 }) +
  rect([170, 300], [260, 66], { fill: p.light, r: 33 }) +
  rect([284, 358], [32, 12], { fill: p.dark, r: 6 }) +
  circle([222, 210], 44, p.paper) +
  rect([206, 222], [26, 84], { fill: p.paper, r: 13 }) +
  circle([378, 210], 44, p.paper) +
  rect([368, 222], [26, 84], { fill: p.paper, r: 13 }) +
  circle([236, 204], 17, p.ink) +
  circle([364, 204], 17, p.ink);

export const speaker: Motif = (p) =>
  rect([190, 130], [220, 320], { fill: p.dark, r: 34 }) +
  rect([204, 144], [192, 292], { fill: p.main, r: 26 }) +
  circle([300, 222], 48, p.ink) +
  circle([300, 222], 22, p.metal) +
  circle([300, 348], 74, p.ink) +
  ring([300, 348], 56, { color: p.light, width: 6 }) +
  circle([300, 348], 26, p.metal);

export const portableSpeaker: Motif = (p) =>
  line('M200 250 C200 150 400 150 400 250', p.dark, 18) +
  rect([120, 250], [360, 190], { fill: p.main, r: 90 }) +
  circle([215, 345], 66, p.ink) +
  circle([215, 345], 30, p.light) +
  circle([385, 345], 66, p.ink) +
  circle([385, 345], 30, p.light) +
  rect([284, 272], [32, 12], { fill: p.paper, r: 6 });

export const soundbar: Motif = (p) =>
  rect([90, 330], [420, 92], { fill: p.ink, r: 26 }) +
  rect([104, 344], [392, 64], { fill: p.main, r: 18 }) +
  repeat(16, (i) => rect([122 + i * 23, 356], [8, 40], { fill: p.dark, r: 4 })) +
  rect([190, 150], [220, 140], { fill: p.dark, r: 14 }) +
  path('M190 150 h220 l-120 140 h-100z', p.light);

export const turntable: Motif = (p) =>
  rect([110, 200], [380, 250], { fill: p.wood, r: 20 }) +
  rect([126, 216], [348, 218], { fill: p.main, r: 12 }) +
  circle([262, 325], 98, p.ink) +
  ring([262, 325], 70, { color: '#444b58', width: 3 }) +
  ring([262, 325], 52, { color: '#444b58', width: 3 }) +
  circle([262, 325], 30, p.accent) +
  circle([262, 325], 6, p.paper) +
  circle([424, 262], 22, p.metal) +
  line('M424 262 L414 350 L338 382', p.metal, 10) +
  circle([424, 402], 12, p.light);

export const microphone: Motif = (p) =>
  ellipse([300, 446], [96, 16], p.ink) +
  rect([290, 330], [20, 112], { fill: p.steel }) +
  line('M206 260 C206 380 394 380 394 260', p.steel, 16) +
  rect([238, 130], [124, 200], { fill: p.main, r: 62 }) +
  repeat(5, (i) => rect([238, 158 + i * 26], [124, 6], { fill: p.dark })) +
  rect([238, 284], [124, 46], { fill: p.dark, r: 20 });

export const radio: Motif = (p) =>
  line('M210 196 C220 140 380 140 390 196', p.bark, 16) +
  rect([110, 194], [380, 250], { fill: p.wood, r: 34 }) +
  rect([134, 218], [212, 202], { fill: p.main, r: 18 }) +
  repeat(8, (i) => rect([152, 238 + i * 21], [176, 8], { fill: p.dark, r: 4 })) +
  rect([370, 218], [96, 70], { fill: p.paper, r: 10 }) +
  line('M384 266 L446 240', p.accent, 5) +
  circle([392, 344], 24, p.ink) +
  circle([448, 344], 18, p.ink) +
  circle([418, 396], 14, p.metal);

export const amplifier: Motif = (p) =>
  rect([100, 230], [400, 200], { fill: p.ink, r: 18 }) +
  rect([116, 246], [368, 168], { fill: p.metal, r: 10 }) +
  repeat(3, (i) => circle([180 + i * 86, 350], 32, p.ink) + line(`M${180 + i * 86} 350 v-26`, p.accent, 6)) +
  circle([434, 330], 44, p.main) +
  line('M434 330 L458 306', p.paper, 8) +
  rect([150, 268], [180, 32], { fill: p.dark, r: 6 }) +
  line('M166 290 L230 276', p.light, 4) +
  rect([130, 430], [50, 16], { fill: p.dark }) +
  rect([420, 430], [50, 16], { fill: p.dark });

export const keyboard: Motif = (p) =>
  rect([80, 240], [440, 190], { fill: p.dark, r: 22 }) +
  rect([80, 232], [440, 180], { fill: p.main, r: 22 }) +
  repeat(10, (i) => rect([100 + i * 40, 252], [32, 30], { fill: p.paper, r: 6 })) +
  repeat(10, (i) => rect([100 + i * 40, 290], [32, 30], { fill: i === 0 ? p.accent : p.paper, r: 6 })) +
  repeat(10, (i) => rect([100 + i * 40, 328], [32, 30], { fill: i === 9 ? p.accent : p.paper, r: 6 })) +
  rect([100, 366], [72, 30], { fill: p.light, r: 6 }) +
  rect([180, 366], [212, 30], { fill: p.paper, r: 6 }) +
  rect([400, 366], [92, 30], { fill: p.light, r: 6 });

export const mouse: Motif = (p) =>
  line('M300 170 C300 110 360 120 360 70', p.ink, 8) +
  rect([196, 160], [208, 290], { fill: p.main, r: 104 }) +
  path('M196 264 v0 a104 104 0 0 1 104 -104 v104z', p.light) +
  line('M300 164 V270', p.dark, 6) +
  rect([286, 198], [28, 56], { fill: p.ink, r: 14 }) +
  shine('M214 300 q0 90 44 120 q-60 -20 -44 -120z');

export const monitor: Motif = (p) =>
  rect([96, 130], [408, 250], { fill: p.ink, r: 18 }) +
  rect([110, 144], [380, 222], { fill: p.light, r: 8 }) +
  path('M110 366 L220 240 L300 320 L380 220 L490 366z', p.main) +
  circle([420, 196], 26, p.accent) +
  rect([276, 380], [48, 46], { fill: p.steel }) +
  rect([200, 426], [200, 22], { fill: p.metal, r: 11 });

export const webcam: Motif = (p) =>
  rect([150, 190], [300, 150], { fill: p.ink, r: 75 }) +
  circle([300, 265], 58, p.steel) +
  circle([300, 265], 40, p.dark) +
  circle([300, 265], 20, p.main) +
  circle([312, 252], 8, p.paper) +
  circle([406, 265], 9, p.accent) +
  path('M270 340 h60 l20 100 h-100z', p.metal) +
  rect([220, 430], [160, 20], { fill: p.steel, r: 10 });

export const hub: Motif = (p) =>
  line('M300 250 C300 150 200 190 180 110', p.ink, 12) +
  rect([160, 90], [40, 46], { fill: p.metal, r: 8 }) +
  rect([120, 250], [360, 110], { fill: p.main, r: 24 }) +
  repeat(3, (i) => rect([148 + i * 78, 286], [58, 26], { fill: p.ink, r: 5 })) +
  rect([394, 290], [40, 18], { fill: p.ink, r: 9 }) +
  circle([456, 299], 6, p.accent) +
  rect([120, 338], [360, 22], { fill: p.dark, r: 11 });

export const drive: Motif = (p) =>
  turned(
    -12,
    rect([190, 160], [220, 280], { fill: p.dark, r: 26 }) +
      rect([190, 150], [220, 276], { fill: p.main, r: 26 }) +
      repeat(6, (i) => rect([214, 190 + i * 22], [172, 7], { fill: p.light, r: 3 })) +
      circle([366, 396], 8, p.accent) +
      rect([214, 380], [80, 22], { fill: p.paper, r: 4 }),
  );

export const laptopStand: Motif = (p) =>
  path('M150 440 L210 250 h24 L190 440z', p.metal) +
  path('M450 440 L390 250 h-24 L410 440z', p.metal) +
  rect([180, 150], [240, 150], { fill: p.ink, r: 12 }) +
  rect([190, 160], [220, 130], { fill: p.light, r: 6 }) +
  path('M190 290 L260 210 L320 270 L360 230 L410 290z', p.main) +
  path('M150 320 h300 l26 26 h-352z', p.steel) +
  rect([120, 436], [360, 14], { fill: p.dark, r: 7 });

export const router: Motif = (p) =>
  repeat(3, (i) => rect([180 + i * 110, 140], [16, 190], { fill: p.ink, r: 8 })) +
  rect([110, 320], [380, 110], { fill: p.main, r: 30 }) +
  rect([110, 390], [380, 40], { fill: p.dark, r: 20 }) +
  repeat(5, (i) => circle([170 + i * 34, 356], 8, i < 3 ? p.accent : p.light)) +
  line('M396 360 q22 -22 44 0 M382 346 q36 -36 72 0', p.paper, 6);

export const camera: Motif = (p) =>
  rect([110, 210], [380, 230], { fill: p.ink, r: 30 }) +
  rect([110, 258], [380, 130], { fill: p.main }) +
  path('M230 210 l24 -44 h92 l24 44z', p.ink) +
  circle([300, 324], 96, p.metal) +
  circle([300, 324], 76, p.ink) +
  circle([300, 324], 50, p.dark) +
  circle([300, 324], 24, p.light) +
  circle([318, 304], 10, p.paper) +
  rect([420, 226], [44, 20], { fill: p.accent, r: 8 }) +
  circle([164, 206], 22, p.steel);

export const eReader: Motif = (p) =>
  turned(
    8,
    rect([180, 120], [240, 330], { fill: p.ink, r: 24 }) +
      rect([198, 140], [204, 262], { fill: p.paper, r: 4 }) +
      rect([220, 166], [120, 16], { fill: p.main, r: 4 }) +
      repeat(9, (i) => rect([220, 200 + i * 21], [i % 3 === 2 ? 110 : 160, 7], { fill: p.steel, r: 3 })) +
      circle([300, 426], 10, p.steel),
  );

export const projector: Motif = (p) =>
  `<path d="M366 270 L560 150 V420 L366 340z" fill="${p.light}" opacity="0.55"/>` +
  rect([110, 230], [270, 160], { fill: p.main, r: 30 }) +
  circle([340, 306], 56, p.ink) +
  circle([340, 306], 34, p.light) +
  circle([340, 306], 14, p.paper) +
  repeat(4, (i) => rect([142, 268 + i * 24], [90, 9], { fill: p.dark, r: 4 })) +
  rect([150, 390], [30, 40], { fill: p.ink, r: 6 }) +
  rect([310, 390], [30, 40], { fill: p.ink, r: 6 });

export const powerBank: Motif = (p) =>
  rect([200, 130], [200, 320], { fill: p.dark, r: 40 }) +
  rect([200, 130], [186, 320], { fill: p.main, r: 40 }) +
  repeat(4, (i) => circle([248 + i * 30, 400], 8, i < 3 ? p.accent : p.dark)) +
  path('M312 210 L258 306 h38 l-14 76 62 -104 h-40z', p.paper) +
  rect([268, 118], [52, 16], { fill: p.ink, r: 6 });

export const charger: Motif = (p) =>
  rect([262, 110], [20, 70], { fill: p.metal, r: 6 }) +
  rect([318, 110], [20, 70], { fill: p.metal, r: 6 }) +
  rect([200, 170], [200, 210], { fill: p.main, r: 40 }) +
  shine('M216 200 q6 -18 24 -18 v180 q-24 -4 -24 -30z') +
  rect([266, 340], [68, 22], { fill: p.ink, r: 11 }) +
  path('M308 214 L270 284 h26 l-8 44 42 -66 h-28z', p.paper) +
  line('M300 362 C300 460 400 400 420 450', p.ink, 10);

export const weatherStation: Motif = (p) =>
  rect([120, 190], [360, 250], { fill: p.wood, r: 26 }) +
  rect([142, 212], [316, 206], { fill: p.ink, r: 14 }) +
  circle([220, 282], 36, p.accent) +
  repeat(
    8,
    (i) => `<g transform="rotate(${i * 45} 220 282)">${rect([216, 226], [8, 14], { fill: p.accent, r: 4 })}</g>`,
  ) +
  path('M210 330 a34 34 0 0 1 66 -10 a28 28 0 0 1 20 52 h-86 a22 22 0 0 1 0 -42z', p.paper) +
  line('M340 250 h30 v36 h-30 v36 h30 M392 250 h34 v72 h-34z', p.light, 10) +
  circle([444, 244], 6, p.light) +
  rect([330, 360], [100, 10], { fill: p.main, r: 5 }) +
  rect([330, 382], [70, 10], { fill: p.steel, r: 5 });

export const gamepad: Motif = (p) =>
  path(
    'M170 220 h260 c70 0 100 90 100 160 c0 70 -66 70 -100 20 l-30 -40 h-200 l-30 40 c-34 50 -100 50 -100 -20 c0 -70 30 -160 100 -160z',
    p.main,
  ) +
  rect([176, 276], [76, 26], { fill: p.ink, r: 6 }) +
  rect([201, 251], [26, 76], { fill: p.ink, r: 6 }) +
  circle([396, 262], 17, p.accent) +
  circle([396, 322], 17, p.light) +
  circle([366, 292], 17, p.paper) +
  circle([426, 292], 17, p.dark) +
  rect([276, 252], [48, 14], { fill: p.dark, r: 7 });

export const watch: Motif = (p) =>
  rect([242, 90], [116, 130], { fill: p.dark, r: 20 }) +
  rect([242, 380], [116, 110], { fill: p.dark, r: 20 }) +
  circle([300, 300], 118, p.metal) +
  circle([300, 300], 98, p.paper) +
  repeat(
    12,
    (i) => `<g transform="rotate(${i * 30} 300 300)">${rect([297, 210], [6, 16], { fill: p.ink, r: 3 })}</g>`,
  ) +
  line('M300 300 V240', p.ink, 8) +
  line('M300 300 L344 324', p.main, 8) +
  circle([300, 300], 9, p.accent) +
  rect([416, 284], [18, 32], { fill: p.steel, r: 6 });
