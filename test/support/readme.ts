import { readFileSync } from 'node:fs';

const README = new URL('../../README.md', import.meta.url);

/** The commands that README.md tells the reader to run: those in its `sh` blocks, by the heading above them. */
export function readmeCommands(): Map<string, string[]> {
  const commands = new Map<string, string[]>();
  let heading = '';
  let inBlock = false;
  for (const line of readFileSync(README, 'utf8').split('\n')) {
    if (line.startsWith('```')) inBlock = line === '```sh';
    else if (inBlock) commands.set(heading, [...(commands.get(heading) ?? []), line]);
    else if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
  }
  return commands;
}
