import { describe, expect, it } from 'vitest';
import { editDistance, editsMax } from './edit-distance.ts';
import { nearestWords } from './search-query.ts';
import { queryWordsOf, searchableText, similarityText, wordsOf } from './search-text.ts';

describe('the words of a text', () => {
  it.each([
    ['Café-Crème  "Noir"', ['cafe', 'creme', 'noir']],
    ['Straße & Smørrebrød', ['strasse', 'smorrebrod']],
    ['27" 4K, 0.75 l', ['27', '4k', '0', '75', 'l']],
    ["Chef's", ['chef', 's']],
    ['東京 タワー', ['東京', 'タワー']],
    ['!?', []],
  ])('of %s', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are cut where nobody would type on', () => {
    expect(wordsOf('x'.repeat(500))).toEqual(['x'.repeat(64)]);
  });

  it('of a product are those of its name, its sku and its description', () => {
    const text = searchableText({ name: 'Red Lamp', sku: 'L-1', description: 'A lamp' });
    expect(text).toEqual({ name: 'red lamp l 1', description: 'a lamp', words: ['red', 'lamp', 'l', '1', 'a'] });
  });
});

describe('the words of a query', () => {
  it('leave out those that say nothing, unless there are no others', () => {
    expect(queryWordsOf('the lamp for the desk', 8)).toEqual(['lamp', 'desk']);
    expect(queryWordsOf('The Who', 8)).toEqual(['the', 'who']);
    expect(queryWordsOf('a b c d e f', 3)).toEqual(['b', 'c', 'd']);
    expect(queryWordsOf('lamp Lamp LAMP', 8)).toEqual(['lamp']);
  });
});

describe('what is compared with names', () => {
  it('is no longer than a query may be, however much its letters stand for', () => {
    expect(similarityText('Tee  Kanne!')).toBe('tee kanne');
    expect([...similarityText('\uFDFA'.repeat(200))].length).toBe(200);
  });
});

describe('typing errors', () => {
  it.each([
    ['lamp', 'lamp', 0, 0],
    ['lmap', 'lamp', 1, 1],
    ['lap', 'lamp', 1, 1],
    ['lampp', 'lamp', 1, 1],
    ['limp', 'lamp', 1, 1],
    ['lam', 'lampshade', Number.POSITIVE_INFINITY, 0],
    ['lampsahde', 'lampshade', 1, 1],
    ['table', 'lamp', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('between %s and %s', (typed, word, whole, beginning) => {
    expect(editDistance(typed, word, 2)).toEqual({ whole, beginning });
  });

  it('are forgiven more in longer words', () => {
    expect(['tea', 'lamp', 'kettle', 'keyboard'].map(editsMax)).toEqual([0, 1, 1, 2]);
  });

  it('lead to the nearest whole words, else to words that begin like that', () => {
    expect(nearestWords('chiar', ['charger', 'chair', 'chain', 'hair'])).toEqual(['chair']);
    expect(nearestWords('headphn', ['headphones', 'headlamp'])).toEqual(['headphones']);
    expect(nearestWords('lmap', ['map', 'lamp', 'lap'])).toEqual(['lamp', 'lap']);
    expect(nearestWords('xyzzy', ['lamp'])).toEqual([]);
    expect(nearestWords('tee', ['tea'])).toEqual([]);
  });
});
