/** Longer runs of letters are no words that anyone looks for, and the index bounds its entries. */
const WORD_LENGTH_MAX = 64;

const UNDECOMPOSED: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', ø: 'o', œ: 'oe', đ: 'd', ł: 'l', þ: 'th' };

/** Lower case without accents, so that "Café" and "cafe" are one word. */
export function foldText(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[ßæøœđłþ]/g, (letter) => UNDECOMPOSED[letter] ?? letter);
}

/**
 * The words of a text: runs of letters and digits. PostgreSQL is given only words made here, separated by blanks, so its
 * own parser never sees a hyphen, an address or a decimal point to split differently.
 */
export function wordsOf(text: string): string[] {
  const words = foldText(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word) => [...word].slice(0, WORD_LENGTH_MAX).join(''));
}

/** As long as a query may be: compatibility forms grow when they are decomposed, U+FDFA to eighteen letters. */
const SIMILARITY_LENGTH_MAX = 200;

/** The words of a query as they are compared with names. */
export function similarityText(query: string): string {
  return [...wordsOf(query).join(' ')].slice(0, SIMILARITY_LENGTH_MAX).join('');
}

export interface SearchableText {
  /** Name and sku. */
  name: string;
  description: string;
  /** Every distinct word. */
  words: string[];
}

/** What of a product can be found. */
export function searchableText(product: { name: string; sku: string; description: string }): SearchableText {
  const name = wordsOf(`${product.name} ${product.sku}`);
  const description = wordsOf(product.description);
  return { name: name.join(' '), description: description.join(' '), words: [...new Set([...name, ...description])] };
}

/** SQL of the search vector for two texts of words: stemmed, and as they are so that a prefix of any word is found. */
export function searchVectorSql(name: string, description: string): string {
  const vector = (config: string, text: string, weight: string) =>
    `setweight(to_tsvector('${config}', ${text}), '${weight}')`;
  return [
    vector('english', name, 'A'),
    vector('simple', name, 'A'),
    vector('english', description, 'C'),
    vector('simple', description, 'D'),
  ].join(' || ');
}

/** English words that say nothing; a query made of nothing else keeps them. */
const STOP_WORDS = new Set(
  'a an and are as at be but by can do for from had has have he her his i if in into is it its me my no not of on or our she so than that the their them then there these they this to too us was we were what when which who will with you your'.split(
    ' ',
  ),
);

/** The words of a query that are looked for, in their sequence, each once. */
export function queryWordsOf(query: string, wordsMax: number): string[] {
  const words = [...new Set(wordsOf(query))];
  const telling = words.filter((word) => !STOP_WORDS.has(word));
  return (telling.length > 0 ? telling : words).slice(0, wordsMax);
}
