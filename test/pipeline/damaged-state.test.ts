import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

/** The checkpoint files of a state directory, the newest first. */
function checkpoints(dir: string): string[] {
  const number = (path: string): number => Number(readFileSync(path, 'latin1').split(' ', 3)[2]);
  const paths = ['checkpoint.0', 'checkpoint.1'].map((name) => join(dir, name)).filter((path) => existsSync(path));
  return paths.sort((a, b) => number(b) - number(a));
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  // Within what counts: what lies at the end may be left over from a longer one.
  bytes[70]! ^= 0x10;
  writeFileSync(path, bytes);
}

function remove(path: string): void {
  rmSync(path);
}

/** What befalls the state of an agent that was killed, and how many damaged files that makes. */
const DAMAGES: readonly (readonly [name: string, counted: number, harm: (dir: string, positions: string) => void])[] = [
  ['nothing', 0, () => {}],
  ['the newest checkpoint is cut', 1, (dir) => truncateSync(checkpoints(dir)[0]!, 50)],
  ['the newest checkpoint has a flipped bit', 1, (dir) => flip(checkpoints(dir)[0]!)],
  ['the newest checkpoint is empty', 1, (dir) => truncateSync(checkpoints(dir)[0]!, 0)],
  ['the newest checkpoint is zeros', 1, (dir) => writeFileSync(checkpoints(dir)[0]!, Buffer.alloc(4096))],
  ['the older checkpoint is cut', 1, (dir) => truncateSync(checkpoints(dir)[1]!, 50)],
  ['both checkpoints have a flipped bit', 2, (dir) => checkpoints(dir).forEach(flip)],
  ['both checkpoints are gone', 0, (dir) => checkpoints(dir).forEach(remove)],
  ['all is gone but the position file', 0, (dir) => rmSync(dir, { recursive: true })],
  [
    'both checkpoints and the position file are damaged',
    3,
    (dir, positions) => {
      checkpoints(dir).forEach(flip);
      if (existsSync(positions)) truncateSync(positions, 5);
      else writeFileSync(positions, '[{"in');
    },
  ],
];

describe('an agent whose state is damaged', function () {
  this.timeout(300_000);
  const temp = useTempDir();

  for (const sink of [
    'a.sinks.k.type = hdfs\na.sinks.k.hdfs.path = file://LAKE\na.sinks.k.hdfs.fileType = DataStream\na.sinks.k.hdfs.rollCount = 700\na.sinks.k.hdfs.rollSize = 0',
    'a.sinks.k.type = file_roll\na.sinks.k.sink.directory = LAKE\na.sinks.k.sink.rollInterval = 1',
  ]) {
    it(`starts all the same, loses nothing, and counts what it found (${/type = (\w+)/.exec(sink)?.[1]})`, async () => {
      const lake = join(temp(), 'lake');
      const stateDir = join(temp(), 'state');
      const positions = join(temp(), 'positions.json');
      const log = join(temp(), 'app.log');
      mkdirSync(lake);
      const port = await freePort();
      const conf = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = TAILDIR
a.sources.r.filegroups = g
a.sources.r.filegroups.g = ${log}
a.sources.r.positionFile = ${positions}
a.sources.r.writePosInterval = 100
a.sources.r.channels = c
a.channels.c.type = memory
a.channels.c.capacity = 10000
${sink.replace('LAKE', lake)}
a.sinks.k.channel = c
`;
      let lines = 0;
      const write = (count: number): void => {
        appendFileSync(log, Array.from({ length: count }, () => `line ${lines++}\n`).join(''));
      };
      /** How many lines have come out, each counted once. */
      const got = (): number => {
        const found = new Set(
          readdirSync(lake).flatMap((name) => readFileSync(join(lake, name), 'latin1').split('\n')),
        );
        return Array.from({ length: lines }, (_, i) => found.has(`line ${i}`)).filter(Boolean).length;
      };
      const start = () =>
        startSluice({
          dir: temp(),
          stateDir,
          conf,
          args: ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`],
          ready: /SOURCE, name: r started/,
        });
      // What happens in the agent is the same for each sink: a few will do for the second one.
      const damages = sink.includes('hdfs') ? DAMAGES : DAMAGES.filter((_, i) => i % 4 === 1);
      for (const [name, counted, harm] of damages) {
        write(1000);
        const agent = await start();
        write(2000);
        const before = lines - 2500;
        await waitFor(() => got() >= before, { what: `half of the lines before: ${name}` });
        await agent.kill();
        harm(stateDir, positions);
        const next = await start();
        await waitFor(() => got() >= lines, {
          what: `all ${lines} lines after: ${name}\n${next.log()}`,
          timeoutMs: 20_000,
        });
        const metrics = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).json()) as Record<string, object>;
        assert.equal(
          (metrics['AGENT.a'] as Record<string, string>)['StateDamaged'],
          `${counted}`,
          `${name}\n${next.log()}`,
        );
        if (counted > 0) assert.match(next.log(), /ERROR .*(put aside|damaged)/, name);
        assert.equal(await next.stop(), 143, next.log());
      }
    });
  }
});
