import { type Fields, fieldsOf, textOf } from '../payload.ts';
import { distinctOfGroups } from './exception-groups.ts';
import { Inputs } from './inputs.ts';
import { addMessage } from './message.ts';
import { stableText } from './stable-text.ts';
import { groupedFrames, stackInputs, type Variant } from './stack.ts';

/** What was hashed, and of which frames. */
export interface Found {
  readonly inputs: Inputs;
  /** `undefined` where no frame counts. */
  readonly variant: Variant | undefined;
}

/** What the exceptions of an event say, causes first. */
export function groupByExceptions(exceptions: readonly Fields[], platform: string): Found {
  const chosen = distinctOfGroups(exceptions, (exception) => identity(exception, platform));
  const { stacks, variant } = stacksOf(
    chosen.map((exception) => exception['stacktrace']),
    platform,
  );
  const inputs = new Inputs();
  for (let i = 0; i < chosen.length; i++) addException(chosen[i]!, stacks[i]!, inputs);
  return { inputs, variant };
}

/** What one stack trace says, of a thread or of the event itself. */
export function groupByStack(stacktrace: unknown, platform: string): Found {
  const { stacks, variant } = stacksOf([stacktrace], platform);
  return { inputs: stacks[0]!, variant };
}

/** Frames of the application count alone where there are any in one of the stacks; else all do. */
function stacksOf(
  stacktraces: readonly unknown[],
  platform: string,
): { stacks: readonly Inputs[]; variant: Variant | undefined } {
  for (const variant of ['app', 'system'] as const) {
    const stacks = stacktraces.map((stacktrace) => stackInputs(stacktrace, platform, variant));
    if (stacks.some((stack) => !stack.empty)) return { stacks, variant };
  }
  return { stacks: stacktraces.map(() => new Inputs()), variant: undefined };
}

function addException(exception: Fields, stack: Inputs, inputs: Inputs): void {
  const mechanism = fieldsOf(exception['mechanism']);
  const type = textOf(exception['type']);
  // SDKs make up an exception to have a stack trace: its type says nothing.
  if (type !== undefined && mechanism?.['synthetic'] !== true) inputs.add(type, 'type');
  if (stack.empty) {
    const value = stableText(exception['value']);
    if (value !== undefined) addMessage(value, 'value', inputs);
  }
  const nsError = fieldsOf(fieldsOf(mechanism?.['meta'])?.['ns_error']);
  if (nsError !== undefined) {
    const domain = textOf(nsError['domain']);
    const code = textOf(nsError['code']);
    if (domain !== undefined) inputs.add(domain, 'ns_error domain');
    if (code !== undefined) inputs.add(code, 'ns_error code');
  }
  inputs.append(stack);
}

/** By which exceptions of a group are told apart. */
function identity(exception: Fields, platform: string): string {
  const inputs = new Inputs();
  const stacktrace = exception['stacktrace'];
  addException(exception, stackInputs(stacktrace, platform, 'app'), inputs);
  if (groupedFrames(stacktrace).length > 0) {
    addException(exception, stackInputs(stacktrace, platform, 'system'), inputs);
  }
  return JSON.stringify(inputs.texts);
}
