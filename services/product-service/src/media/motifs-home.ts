import { circle, ellipse, line, type Motif, path, rect, repeat, ring, shine, turned } from './shapes.ts';

const glow = (x: number, y: number, r: number) =>
  `<circle cx="${x}" cy="${y}" r="${r}" fill="#ffe9a8" opacity="0.55"/>`;

export const armchair: Motif = (p) =>
  rect([150, 170], [300, 210], { fill: p.dark, r: 60 }) +
  rect([190, 190], [220, 170], { fill: p.main, r: 40 }) +
  rect([170, 300], [260, 100], { fill: p.light, r: 30 }) +
  rect([116, 260], [80, 150], { fill: p.main, r: 36 }) +
  rect([404, 260], [80, 150], { fill: p.main, r: 36 }) +
  line('M160 410 l-16 44 M440 410 l16 44', p.wood, 16);

export const chair: Motif = (p) =>
  line('M206 330 L186 450 M394 330 L414 450 M220 320 L214 130 M380 320 L386 130', p.wood, 18) +
  repeat(3, (i) => rect([216, 140 + i * 52], [168, 26], { fill: p.wood, r: 12 })) +
  rect([186, 306], [228, 40], { fill: p.main, r: 18 });

export const shelf: Motif = (p) =>
  rect([130, 120], [16, 330], { fill: p.bark }) +
  rect([454, 120], [16, 330], { fill: p.bark }) +
  repeat(3, (i) => rect([120, 210 + i * 110], [360, 18], { fill: p.wood, r: 6 })) +
  rect([160, 130], [26, 80], { fill: p.main }) +
  rect([190, 144], [22, 66], { fill: p.accent }) +
  rect([216, 136], [30, 74], { fill: p.dark }) +
  circle([400, 176], 34, p.light) +
  rect([300, 250], [90, 70], { fill: p.main, r: 10 }) +
  path('M180 320 v-34 h60 v34z M196 286 q-24 -40 14 -54 q38 14 14 54z', '#5f8f4e') +
  rect([180, 366], [110, 64], { fill: p.light, r: 10 }) +
  rect([330, 380], [90, 50], { fill: p.accent, r: 10 });

export const cushion: Motif = (p) =>
  path('M140 180 q160 -40 320 0 q40 120 0 240 q-160 40 -320 0 q-40 -120 0 -240z', p.main) +
  line('M180 220 L420 380 M180 380 L420 220', p.light, 10) +
  line('M300 190 V410 M160 300 H440', p.dark, 10) +
  circle([300, 300], 20, p.accent);

export const blanket: Motif = (p) =>
  repeat(4, (i) =>
    rect([140, 200 + i * 62], [320, 56], { fill: [p.main, p.light, p.dark, p.accent][i] ?? p.main, r: 28 }),
  ) + repeat(12, (i) => line(`M${160 + i * 26} 444 v22`, p.paper, 6));

export const vase: Motif = (p) =>
  line('M300 230 C290 160 250 140 236 90 M300 230 C310 150 350 140 372 84 M300 230 V70', '#5f8f4e', 8) +
  circle([232, 84], 26, p.accent) +
  circle([374, 78], 26, p.light) +
  circle([300, 62], 30, p.accent) +
  path('M266 210 h68 c-6 40 56 70 56 140 c0 70 -40 100 -90 100 s-90 -30 -90 -100 c0 -70 62 -100 56 -140z', p.main) +
  path('M216 330 q84 40 168 0 v30 q-84 40 -168 0z', p.dark) +
  shine('M240 300 q-24 60 10 120 q-50 -40 -10 -120z');

export const candle: Motif = (p) =>
  glow(300, 150, 90) +
  path('M300 96 q34 46 0 86 q-34 -40 0 -86z', '#f4a742') +
  rect([296, 178], [8, 40], { fill: p.ink }) +
  rect([196, 214], [208, 236], { fill: p.main, r: 24 }) +
  ellipse([300, 220], [98, 16], p.light) +
  rect([226, 290], [148, 96], { fill: p.paper, r: 10 }) +
  rect([250, 318], [100, 9], { fill: p.dark, r: 4 }) +
  rect([264, 342], [72, 9], { fill: p.steel, r: 4 });

export const clock: Motif = (p) =>
  circle([300, 290], 166, p.wood) +
  circle([300, 290], 142, p.paper) +
  repeat(
    12,
    (i) =>
      `<g transform="rotate(${i * 30} 300 290)">${rect([295, 160], [10, i % 3 === 0 ? 30 : 18], { fill: p.dark, r: 4 })}</g>`,
  ) +
  line('M300 290 L236 244', p.ink, 14) +
  line('M300 290 L372 216', p.ink, 9) +
  line('M300 290 V396', p.accent, 5) +
  circle([300, 290], 14, p.accent);

export const mirror: Motif = (p) =>
  ellipse([300, 280], [150, 190], p.wood) +
  ellipse([300, 280], [128, 166], p.light) +
  path('M220 190 q40 -70 90 -72 L210 360 q-24 -90 10 -170z', p.paper) +
  path('M250 400 L370 150 q20 16 30 44 L286 440 q-22 -14 -36 -40z', p.paper);

export const rug: Motif = (p) =>
  path('M130 230 h340 l70 200 h-480z', p.main) +
  path('M158 256 h284 l50 148 h-384z', p.light) +
  path('M186 280 h228 l34 100 h-296z', p.main) +
  path('M300 290 l60 40 -60 40 -60 -40z', p.accent) +
  repeat(16, (i) => line(`M${76 + i * 30} 432 v22`, p.dark, 6));

export const planter: Motif = (p) =>
  line('M300 300 C300 220 240 200 220 120 M300 300 C300 200 360 190 390 110 M300 300 V90', '#4c8c4a', 8) +
  path(
    'M220 120 q-70 10 -70 80 q70 0 70 -80z M390 110 q70 10 70 80 q-70 0 -70 -80z M300 80 q-44 50 0 110 q44 -60 0 -110z',
    '#6aa35c',
  ) +
  path('M262 250 q-80 -20 -110 30 q60 30 110 -30z M338 250 q80 -20 110 30 q-60 30 -110 -30z', '#5f8f4e') +
  path('M206 300 h188 l-22 150 h-144z', p.main) +
  rect([194, 284], [212, 36], { fill: p.dark, r: 10 });

export const deskLamp: Motif = (p) =>
  path('M330 250 L470 350 v60 h-200z', '#ffe9a8') +
  rect([150, 430], [160, 20], { fill: p.ink, r: 10 }) +
  line('M230 430 L180 280 L340 170', p.steel, 14) +
  circle([180, 280], 18, p.dark) +
  circle([230, 426], 14, p.dark) +
  path('M300 160 l90 30 q40 40 20 80 l-150 -50 q0 -40 40 -60z', p.main);

export const floorLamp: Motif = (p) =>
  glow(300, 190, 120) +
  rect([293, 200], [14, 240], { fill: p.steel }) +
  rect([220, 434], [160, 18], { fill: p.ink, r: 9 }) +
  path('M236 90 h128 l46 130 h-220z', p.main) +
  path('M190 220 h220 l4 14 h-228z', p.light);

export const pendant: Motif = (p) =>
  glow(300, 350, 130) +
  line('M300 40 V170', p.ink, 8) +
  rect([276, 160], [48, 34], { fill: p.metal, r: 8 }) +
  path('M300 190 c110 0 170 80 176 150 h-352 c6 -70 66 -150 176 -150z', p.main) +
  path('M124 340 h352 v18 h-352z', p.dark) +
  circle([300, 366], 34, '#fff3c4');

export const tableLamp: Motif = (p) =>
  glow(300, 220, 130) +
  path('M230 110 h140 l56 150 h-252z', p.paper) +
  path('M174 260 h252 l4 16 h-260z', p.light) +
  ellipse([300, 360], [76, 84], p.main) +
  rect([284, 270], [32, 30], { fill: p.metal }) +
  rect([230, 434], [140, 18], { fill: p.wood, r: 9 }) +
  shine('M250 320 q-20 40 6 90 q-44 -36 -6 -90z');

export const stringLights: Motif = (p) =>
  line('M60 160 Q180 300 300 190 T540 170', p.ink, 7) +
  line('M60 330 Q180 450 300 340 T540 320', p.ink, 7) +
  [
    [110, 212],
    [180, 240],
    [250, 216],
    [330, 176],
    [410, 176],
    [480, 186],
    [110, 382],
    [180, 410],
    [250, 386],
    [330, 326],
    [410, 322],
    [480, 334],
  ]
    .map(
      ([x = 0, y = 0], i) =>
        glow(x, y + 34, 34) +
        rect([x - 8, y], [16, 20], { fill: p.dark }) +
        ellipse([x, y + 38], [16, 22], [p.accent, '#ffd76a', p.light][i % 3] ?? p.main),
    )
    .join('');

export const bulb: Motif = (p) =>
  glow(300, 230, 170) +
  path(
    'M300 90 c80 0 140 58 140 134 c0 76 -66 96 -72 156 h-136 c-6 -60 -72 -80 -72 -156 c0 -76 60 -134 140 -134z',
    '#fff3c4',
  ) +
  line('M260 370 L244 250 l28 22 28 -22 28 22 28 -22 L340 370', p.accent, 7) +
  rect([236, 378], [128, 20], { fill: p.metal, r: 8 }) +
  rect([242, 402], [116, 20], { fill: p.steel, r: 8 }) +
  rect([262, 426], [76, 22], { fill: p.ink, r: 10 });

export const lantern: Motif = (p) =>
  glow(300, 320, 130) +
  line('M240 190 C240 90 360 90 360 190', p.ink, 12) +
  path('M210 210 h180 l-30 -40 h-120z', p.main) +
  rect([216, 210], [168, 190], { fill: '#fff3c4', r: 10 }) +
  path('M300 260 q34 46 0 96 q-34 -50 0 -96z', '#f4a742') +
  rect([216, 210], [14, 190], { fill: p.dark }) +
  rect([370, 210], [14, 190], { fill: p.dark }) +
  rect([190, 396], [220, 54], { fill: p.main, r: 14 });

export const wallLight: Motif = (p) =>
  `<path d="M230 150 L130 40 H470 L370 150z M230 420 L130 530 H470 L370 420z" fill="#ffe9a8" opacity="0.7"/>` +
  rect([220, 140], [160, 290], { fill: p.main, r: 26 }) +
  rect([250, 170], [100, 230], { fill: p.dark, r: 16 }) +
  circle([300, 285], 24, p.metal) +
  ring([300, 285], 36, { color: p.light, width: 4 });

export const nightLight: Motif = (p) =>
  glow(300, 290, 170) +
  path('M330 120 a170 170 0 1 0 130 250 a140 140 0 1 1 -130 -250z', p.main) +
  turned(0, path('M420 170 l12 26 28 4 -20 20 4 28 -24 -14 -26 14 6 -28 -20 -20 28 -4z', '#ffd76a')) +
  circle([250, 300], 10, p.ink) +
  line('M226 346 q24 20 50 4', p.ink, 7) +
  rect([190, 444], [220, 14], { fill: p.wood, r: 7 });
