import { createNames, type Names } from './transcript-text.ts';

/** A request and its answer, or a mail, as it came. */
export interface TranscriptLine {
  email: string;
  /** What a crowd's lines are counted by: `POST /orders`. */
  kind: string;
  said: string;
  outcome: string;
  /** Ids that the answer brought, and of what they are. */
  brought: { ids: string[]; collection: string };
  /** Asked again and again until it is so: only the last answer is told. */
  isRead: boolean;
}

interface Scene {
  title: string;
  lines: TranscriptLine[];
}

interface Told {
  who: string;
  said: string;
  outcome: string;
}

/** From so many on people are told of as a crowd. */
const CROWD_MIN = 5;
const BEFOREHAND = 'beforehand';

/** What people in front of the shop asked and were answered, scene by scene; ids and times are told in words. */
export class Transcript {
  readonly #stories: { title: string; scenes: Scene[] }[] = [];
  #between: TranscriptLine[] = [];
  #scene: Scene | undefined;

  /** A scene begins; what was asked since the last one ended was its preparation. */
  begin(story: string, title: string): void {
    let current = this.#stories.at(-1);
    if (current?.title !== story) {
      current = { title: story, scenes: [] };
      this.#stories.push(current);
      current.scenes.push({ title: BEFOREHAND, lines: this.#between });
    }
    this.#between = [];
    this.#scene = { title, lines: [] };
    current.scenes.push(this.#scene);
  }

  end(): void {
    this.#scene = undefined;
  }

  note(line: TranscriptLine): void {
    (this.#scene?.lines ?? this.#between).push(line);
  }

  toMarkdown(): string {
    return this.#stories
      .map(({ title, scenes }) => {
        const names = createNames();
        const told = scenes
          .filter(({ title: scene, lines }) => scene !== BEFOREHAND || lines.length > 0)
          .map((scene) => toMarkdown(scene, names));
        return `## ${title}\n\n${told.join('\n\n')}`;
      })
      .join('\n\n');
  }
}

function toMarkdown({ title, lines }: Scene, names: Names): string {
  if (lines.length === 0) return `**${title}**`;
  const isCrowd = new Set(lines.map(({ email }) => email)).size >= CROWD_MIN;
  const told = isCrowd ? asCrowd(lines, names) : asTold(lines, names);
  const width = Math.max(...told.map(({ who }) => who.length));
  const texts = told.map(
    ({ who, said, outcome }) => `${who.padEnd(width)}  ${said}\n${' '.repeat(width)}  → ${outcome}`,
  );
  return `**${title}**\n\n\`\`\`\n${texts.join('\n')}\n\`\`\``;
}

function tell({ email, said, outcome, brought }: TranscriptLine, names: Names): Told {
  names.learn(brought);
  return { who: names.person(email), said: names.tidy(said), outcome: names.tidy(outcome) };
}

/** In order; of what was asked in a row until it was so, the last. */
function asTold(lines: TranscriptLine[], names: Names): Told[] {
  const last = lines.filter((line, index) => {
    const next = lines[index + 1];
    return !(line.isRead && next?.email === line.email && next.said === line.said);
  });
  return last.map((line) => tell(line, names));
}

/** Each kind of request once, with how often it ended in which way. */
function asCrowd(lines: TranscriptLine[], names: Names): Told[] {
  const kinds = new Map<string, TranscriptLine[]>();
  for (const line of lines) kinds.set(line.kind, [...(kinds.get(line.kind) ?? []), line]);
  return [...kinds].flatMap(([kind, same]) => {
    const people = new Set(same.map(({ email }) => email)).size;
    if (people < CROWD_MIN) return same.slice(-1).map((line) => tell(line, names));
    const counts = new Map<string, number>();
    for (const { outcome } of same) {
      const status = outcome.split(' · ')[0] ?? '';
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    const outcome = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([status, count]) => `${count} × ${status}`);
    return [{ who: `${people} people`, said: kind, outcome: outcome.join(', ') }];
  });
}
