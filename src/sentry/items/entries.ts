import type { SentryRow } from '../columns.ts';
import { type Fields, fieldsOf, isFields } from '../payload.ts';

/** So many rows are made of one body. */
export const MOST_ROWS = 20_000;

/** Makes a row when it is wanted: what is beyond the bound is counted alone. */
export type MakeRow = () => SentryRow;

const NOTHING: readonly Fields[] = [];

/** The entries of a container, or the payload itself where it is one entry. */
export function entriesOf(payload: Fields): readonly Fields[] {
  const items = payload['items'];
  if (Array.isArray(items)) return items.filter(isFields);
  return 'items' in payload ? NOTHING : [payload];
}

/** The first of them, without looking at the rest. */
export function firstEntryOf(payload: Fields): Fields | undefined {
  const items = payload['items'];
  if (Array.isArray(items)) return items.find(isFields);
  return 'items' in payload ? undefined : payload;
}

/** The value of an attribute: `{value, type}`, or bare as in older clients. */
export function attributeOf(attributes: Fields | undefined, name: string): unknown {
  const attribute = attributes?.[name];
  return isFields(attribute) && 'value' in attribute ? attribute['value'] : attribute;
}

/** The attributes of an entry; spans of older clients call them data. */
export function attributesOf(entry: Fields): Fields | undefined {
  return fieldsOf(entry['attributes']) ?? fieldsOf(entry['data']);
}
