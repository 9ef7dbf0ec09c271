/** The colours of one picture. */
export interface Palette {
  main: string;
  dark: string;
  light: string;
  accent: string;
  ink: string;
  paper: string;
  metal: string;
  steel: string;
  wood: string;
  bark: string;
}

/** Draws one thing, standing on about y = 450 and centred on x = 300, in a picture of 600 × 600. */
export type Motif = (palette: Palette) => string;

type Point = readonly [x: number, y: number];
type Size = readonly [width: number, height: number];

export function rect([x, y]: Point, [width, height]: Size, style: { fill: string; r?: number }): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${style.r ?? 0}" fill="${style.fill}"/>`;
}

export function circle([x, y]: Point, r: number, fill: string): string {
  return `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`;
}

export function ring([x, y]: Point, r: number, stroke: { color: string; width: number }): string {
  return `<circle cx="${x}" cy="${y}" r="${r}" fill="none" stroke="${stroke.color}" stroke-width="${stroke.width}"/>`;
}

export function ellipse([x, y]: Point, [rx, ry]: Size, fill: string): string {
  return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}"/>`;
}

export function path(d: string, fill: string): string {
  return `<path d="${d}" fill="${fill}"/>`;
}

export function line(d: string, color: string, width: number): string {
  return `<path d="${d}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
}

/** A soft patch of light along an edge. */
export function shine(d: string): string {
  return `<path d="${d}" fill="#fff" opacity="0.28"/>`;
}

export function repeat(count: number, draw: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => draw(index)).join('');
}

export function turned(degrees: number, content: string): string {
  return `<g transform="rotate(${degrees} 300 300)">${content}</g>`;
}

/** CSS hsl as #rrggbb: what every renderer of SVG understands. */
export function hsl(hue: number, saturation: number, lightness: number): string {
  const a = (saturation / 100) * Math.min(lightness / 100, 1 - lightness / 100);
  const channel = (n: number) => {
    const k = (n + hue / 30 + 12) % 12;
    const value = lightness / 100 - a * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
