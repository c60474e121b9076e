import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../support/child.ts';

/** The top of the checkout. */
export const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a program to its end and hands back its standard output, trimmed; throws with its whole output unless it exits 0. */
export async function run(command: string, args: readonly string[], timeoutMs = 300_000, stdin = ''): Promise<string> {
  const child = await runChild({ command, args, stdin, cwd: CHECKOUT }, timeoutMs);
  if (child.code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${child.code}:\n${child.log().slice(-6000)}`);
  return child.stdout.trim();
}

/**
 * A minimal Debian with some packages as a tar file, made once by mmdebstrap from the package sources that this machine
 * uses, and kept in the checkout's `.cache`.
 */
export async function debianTar(packages: readonly string[]): Promise<string> {
  const folder = join(CHECKOUT, '.cache', 'system');
  const tar = join(folder, `bookworm-${[...packages].sort().join('-')}.tar`);
  if (existsSync(tar)) return tar;
  mkdirSync(folder, { recursive: true });
  const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].find((file) => existsSync(file));
  if (!sources) throw new Error('this machine names no Debian package sources');
  const unfinished = `${tar}.${process.pid}.tar`;
  try {
    await run('mmdebstrap', ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', unfinished, sources]);
    renameSync(unfinished, tar);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return tar;
}
