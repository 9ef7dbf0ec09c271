import * as electronics from './motifs-electronics.ts';
import * as fashion from './motifs-fashion.ts';
import * as home from './motifs-home.ts';
import * as kitchen from './motifs-kitchen.ts';
import * as outdoors from './motifs-outdoors.ts';
import { circle, ellipse, hsl, line, type Motif, type Palette, rect, repeat } from './shapes.ts';

const MOTIFS = { ...electronics, ...fashion, ...home, ...kitchen, ...outdoors } satisfies Record<string, Motif>;
export type MotifName = keyof typeof MOTIFS;

export interface PictureSubject {
  sku: string;
  name: string;
  motif: MotifName;
  /** The colour of the thing, in degrees; the rest of the picture is tuned to it. */
  hue: number;
}

/** A number in [0, 1) that depends on nothing but the text (FNV-1a, mixed so that neighbours differ): the same picture every time, everywhere. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function paletteOf(hue: number): Palette {
  return {
    main: hsl(hue, 58, 50),
    dark: hsl(hue + 8, 50, 32),
    light: hsl(hue - 8, 62, 76),
    accent: hsl(hue + 165, 66, 56),
    ink: hsl(hue + 20, 22, 18),
    paper: hsl(hue, 36, 96),
    metal: '#cdd3da',
    steel: '#949dab',
    wood: '#c08a57',
    bark: '#855a35',
  };
}

const BACKDROPS: readonly ((color: string, seed: number) => string)[] = [
  (color, seed) => circle([300, 290], 214 + Math.round(seed * 20), color),
  (color, seed) =>
    `<g transform="rotate(${Math.round(seed * 30)} 300 300)">${rect([110, 90], [380, 380], { fill: color, r: 90 })}</g>`,
  (color) => repeat(5, (i) => repeat(5, (j) => circle([80 + i * 110, 70 + j * 110], 26, color))),
  (color, seed) =>
    repeat(5, (i) =>
      line(
        `M-40 ${110 + i * 110 + Math.round(seed * 40)} Q150 ${20 + i * 110} 300 ${110 + i * 110} T640 ${110 + i * 110}`,
        color,
        26,
      ),
    ),
  (color, seed) =>
    `<path d="M90 320 C60 140 220 60 340 90 C500 120 580 260 500 400 C430 520 140 520 90 320z" transform="rotate(${Math.round(seed * 180)} 300 300)" fill="${color}"/>`,
];

/** Draws a product as an SVG of 600 × 600: the same for the same subject, without fonts, scripts or outside references. */
export function drawPicture(subject: PictureSubject): string {
  const { sku, name, motif, hue } = subject;
  const seed = fraction(sku);
  const ground = hue + 190 + Math.round(fraction(`${sku} ground`) * 60);
  const backdrop = BACKDROPS[Math.floor(seed * BACKDROPS.length)] ?? circle;
  const top = hsl(ground, 46, 93);
  const bottom = hsl(ground + 24, 48, 82);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600" width="600" height="600" role="img" aria-label="${escapeXml(name)}">
<defs><linearGradient id="g" x1="0" y1="0" x2="0.4" y2="1"><stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs>
<rect width="600" height="600" fill="url(#g)"/>
<g opacity="0.55">${(backdrop as (color: string, seed: number) => string)(hsl(ground, 56, 89), seed)}</g>
<g opacity="0.16">${ellipse([300, 462], [190, 24], '#1b2330')}</g>
${MOTIFS[motif](paletteOf(hue))}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);
}
