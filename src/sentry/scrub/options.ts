import { bool, type OptionValues, words } from '../../options/option.ts';
import { Scrubber } from './index.ts';

/** The options of a component that scrubs what it takes in. */
export const scrubOptions = {
  scrub: bool({
    default: true,
    ours: true,
    doc: "Replace passwords, tokens, card numbers, private keys and the like by [Filtered] before anything is written, by the rules of Sentry's Relay.",
  }),
  'scrub.ipAddresses': bool({ default: false, ours: true, doc: 'Take out IP addresses, too.' }),
  'scrub.keys': words({
    default: [],
    separator: /[\s,]+/,
    ours: true,
    doc: 'More words that make the value of a key be replaced, wherever they stand in the key; separated by blanks or commas. Case does not matter.',
  }),
  'scrub.safeKeys': words({
    default: [],
    separator: /[\s,]+/,
    ours: true,
    doc: 'Keys whose values are left alone, whatever they hold: whole names, separated by blanks or commas. Case does not matter.',
  }),
};

/** What scrubs by these values; `undefined` when they say not to. */
export function scrubberOf(options: OptionValues<typeof scrubOptions>): Scrubber | undefined {
  if (!options.scrub) return undefined;
  return new Scrubber({
    ipAddresses: options['scrub.ipAddresses'],
    keys: options['scrub.keys'],
    safeKeys: options['scrub.safeKeys'],
  });
}
