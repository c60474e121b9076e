import type { SourceContext } from '../component/source.ts';
import type { LinePiece } from '../event/line-splitter.ts';
import type { CompressedContent } from './compressed-content.ts';
import { CorruptError } from './decompression.ts';
import { findOriginal, type Original, type Verdict } from './originals.ts';
import type { TailedFile } from './tailed-file.ts';

/** A file that did not change for so long, in milliseconds, is written to its end; it is asked so often until then. */
const QUIET_TIME = 1000;
const ASK_INTERVAL = 250;
/** Nor does one with a time so long ago. */
const OLD_TIME = 10_000;
/** No file is read further than this before the next one has its turn. */
const MAX_TURN_BYTES = 8 << 20;

/** What the turn of a compressed file needs. */
export interface CompressedTurn {
  readonly context: SourceContext;
  readonly signal: AbortSignal;
  /** The files that this may be a copy of. */
  readonly originals: () => Iterable<Original>;
  readonly handOn: (piece: LinePiece) => Promise<unknown>;
  /** Hands on the last line, which has no end. */
  readonly finish: () => Promise<void>;
}

/** Reads on in a compressed file. What it rejects with is a failure to read or to hand on; damage is told and counted. */
export async function turnCompressed(
  file: TailedFile,
  content: CompressedContent,
  seen: { readonly size: number; readonly modified: number },
  turn: CompressedTurn,
): Promise<'more' | 'grown' | 'same'> {
  const { context } = turn;
  const { size, modified } = seen;
  const now = context.clock.monotonic();
  content.turnAt = undefined;
  if (size === file.seenSize && modified === file.seenModified) return 'same';
  if (size !== content.size || modified !== content.modified) {
    content.size = size;
    content.modified = modified;
    content.since = now;
  }
  const isQuiet = now - content.since >= QUIET_TIME || context.clock.now() - modified >= OLD_TIME;
  try {
    if (!content.isChecked) {
      const verdict = await check(file, content, turn);
      if (verdict === 'cut' && isQuiet) tellCut(file, content, context);
      if (verdict === 'busy' || verdict === 'cut' || (verdict === 'short' && !isQuiet)) {
        return later(content, now, 'same');
      }
      content.isChecked = true;
    }
    const start = file.offset;
    if (!(await readOn(file, content, turn))) return 'more';
    if (file.offset > start) file.lastGrown = now;
    if (!isQuiet) return later(content, now, 'grown');
    if ((await content.end()) === 'complete') {
      await turn.finish();
      content.total = file.offset;
      content.hasToldCut = false;
    } else tellCut(file, content, context);
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    context.counters.EventReadFail++;
    context.log.error(
      `${file.path}: ${error.message}. The lines before that, up to offset ${file.splitter.lineStart} of the content, are delivered; it is tried again when the file changes`,
    );
  }
  content.close();
  await content.learnHead(file);
  file.seen(size, modified);
  return 'same';
}

function later<T>(content: CompressedContent, now: number, result: T): T {
  content.turnAt = now + ASK_INTERVAL;
  return result;
}

function tellCut(file: TailedFile, content: CompressedContent, { log }: SourceContext): void {
  if (content.hasToldCut) return;
  content.hasToldCut = true;
  log.warn(`${file.path} ends in the middle of its compressed content; it is read on when it grows`);
}

/** Finds out whether the file is another one's copy; if so it is read from where that one was read to. */
async function check(file: TailedFile, content: CompressedContent, turn: CompressedTurn): Promise<Verdict> {
  const verdict = await findOriginal(() => content.begin(file), turn.originals());
  if (typeof verdict === 'string') return verdict;
  const { known, offset } = verdict;
  turn.context.log.info(
    `${file.path} is a compressed copy of ${known.path}, which was read up to offset ${known.pos}; it is read from ${offset}`,
  );
  file.rewind(offset);
  file.ledger.reset(offset, known.settled, known.cuts);
  file.shape?.restart(offset, known.cuts);
  file.touch();
  return verdict;
}

/** @returns whether all there is was read */
async function readOn(file: TailedFile, content: CompressedContent, turn: CompressedTurn): Promise<boolean> {
  const start = file.offset;
  let accepted = file.splitter.lineStart;
  try {
    // Something is read in any case: at the end of all, too, of a file that was deleted.
    do {
      const pieces = await content.read(file);
      if (pieces === undefined) return true;
      for (const piece of pieces) {
        await turn.handOn(piece);
        accepted = piece.end;
      }
    } while (!turn.signal.aborted && file.offset - start < MAX_TURN_BYTES);
    return false;
  } catch (error) {
    if (!(error instanceof CorruptError)) file.rewind(file.shape?.end ?? accepted);
    throw error;
  }
}
