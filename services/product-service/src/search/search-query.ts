import type { Queryable } from '@souk/service-runtime';
import { editDistance, editsMax } from './edit-distance.ts';
import { queryWordsOf, similarityText } from './search-text.ts';

/** A search as the statements take it. */
export interface SearchQuery {
  /** A tsquery: every word (its stem, its continuations, or what it was mistyped for) must be there. */
  tsquery: string;
  /** The words as typed, for similarity to the name. */
  text: string;
}

/** Candidates per mistyped word that trigrams propose, and how many of the nearest are taken. */
const CANDIDATES_MAX = 40;
const CORRECTIONS_MAX = 6;
const FREE_FIRST_LETTER_LENGTH = 6;

interface WordRow {
  word: string;
  stem: string | null;
  known: boolean;
  candidates: string[];
}

/** Trigrams propose the nearest known words from their index; the number of typing errors decides. */
const LOOK_UP_WORDS = `
SELECT t.word, (ts_lexize('english_stem', t.word))[1] AS stem, known.known,
  CASE WHEN known.known THEN '{}'::text[] ELSE ARRAY(
    SELECT w.word FROM search_words w WHERE w.products > 0 ORDER BY w.word <-> t.word LIMIT ${CANDIDATES_MAX}) END AS candidates
FROM unnest($1::text[]) AS t(word)
CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT 1 FROM search_words w WHERE w.word >= t.word COLLATE "C" AND w.word < t.word || chr(1114111) COLLATE "C" AND w.products > 0) AS known
) AS known`;

/** Understands a query; one without any word in it finds nothing. */
export async function understandQuery(db: Queryable, query: string, wordsMax: number): Promise<SearchQuery> {
  const words = queryWordsOf(query, wordsMax);
  if (words.length === 0) return { tsquery: '', text: '' };
  const { rows } = await db.query<WordRow>({ name: 'words', text: LOOK_UP_WORDS, values: [words] });
  const byWord = new Map(rows.map((row) => [row.word, row]));
  const tsquery = words.map((word) => `(${alternativesOf(word, byWord.get(word)).join('|')})`).join('&');
  return { tsquery, text: similarityText(query) };
}

function alternativesOf(word: string, row: WordRow | undefined): string[] {
  const stem = row?.stem == null || row.stem === word ? [] : [quote(row.stem)];
  const corrections = row === undefined ? [] : nearestWords(word, row.candidates);
  return [`${quote(word)}:*`, ...stem, ...corrections.map((correction) => `${quote(correction)}:*`)];
}

/**
 * The words that are the fewest typing errors away; words that begin like that only where no whole word is near. Short
 * words are too many and too alike: their first letter must be right.
 */
export function nearestWords(typed: string, candidates: readonly string[]): string[] {
  const max = editsMax(typed);
  const distances = candidates
    .filter((word) => typed.length >= FREE_FIRST_LETTER_LENGTH || word[0] === typed[0])
    .map((word) => ({ word, ...editDistance(typed, word, max) }));
  const whole = Math.min(...distances.map((distance) => distance.whole));
  const beginning = Math.min(...distances.map((distance) => distance.beginning));
  const measure = Number.isFinite(whole) ? 'whole' : 'beginning';
  const least = measure === 'whole' ? whole : beginning;
  return distances
    .filter((distance) => Number.isFinite(least) && distance[measure] === least)
    .slice(0, CORRECTIONS_MAX)
    .map(({ word }) => word);
}

/** A lexeme in a tsquery; words hold letters and digits only, so there is nothing to escape. */
function quote(word: string): string {
  return `'${word}'`;
}
