import { resolvePom } from './maven.ts';
import { goClient, javaClient, pythonClient } from './sdks.ts';
import { resolveSpark } from './spark.ts';

/** What the parts of the tests need. */
const NEEDS: Readonly<Record<string, readonly (() => Promise<unknown>)[]>> = {
  peer: [() => resolvePom('flume'), () => resolvePom('hadoop')],
  sentry: [
    () => resolvePom('hadoop'),
    () => resolvePom('hive'),
    () => resolvePom('pig'),
    resolveSpark,
    pythonClient,
    goClient,
    javaClient,
  ],
};

// node scripts/peers/fetch.ts [peer] [sentry]: fetches what is not there; all without an argument.
const parts = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(NEEDS);
for (const fetch of parts.flatMap((part) => NEEDS[part] ?? [])) console.log(await fetch());
