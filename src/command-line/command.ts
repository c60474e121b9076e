import type { AgentArguments } from './agent.ts';
import type { ReportCommandArguments } from './report.ts';
import type { ExplainArguments } from './sentry.ts';
import type { VerifyArguments } from './verify.ts';

/** What the command line asks for. */
export type Command =
  | ({ readonly command: 'agent' } & AgentArguments)
  | ({ readonly command: 'check' } & AgentArguments)
  | { readonly command: 'help'; readonly kind?: string; readonly type?: string }
  | { readonly command: 'version' }
  | ({ readonly command: 'verify' } & VerifyArguments)
  | ({ readonly command: 'report' } & ReportCommandArguments)
  | ({ readonly command: 'sentry explain' } & ExplainArguments)
  | { readonly command: 'usage-error'; readonly message: string }
  | { readonly command: 'printed'; readonly output: string };

/** Takes the command that was found. */
export type Found = (command: Command) => void;
