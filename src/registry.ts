import type { Registry } from './component/declaration.ts';
import { text } from './serializers/text.ts';
import { httpSource } from './sources/http/index.ts';

/** Every component of Sluice, in plain sight. To add one: write it, import it here, put it in the list. */
export const registry: Registry = {
  components: [
    // sources
    httpSource,
    // channels
    // sinks
    // interceptors
    // selectors
    // processors
    // serializers
    text,
  ],
  fileSystems: [],
};
