/**
 * What `sluice report --json` prints: the stable shape. Fields are added, never renamed or given another meaning, while `version` stays 1. Rates and shares are fractions (0.01 is
 * 1 %), and null where there is nothing to divide by; times are ISO 8601 in UTC; durations are seconds.
 */
export interface Report {
  readonly version: 1;
  readonly lake: string;
  /** When the report was made; open issues are as old as they are now. */
  readonly made: string;
  readonly window: {
    /** Of the data where it was not given; null when there is none. */
    readonly from: string | null;
    readonly to: string | null;
    /** Whether --from or --to was given: then events without a time are left out. */
    readonly given: boolean;
    /** Issues that were first seen or came back since then are new or regressed: `from` when it was given, else a day before the last event. */
    readonly newSince: string | null;
  };
  readonly input: InputReport;
  readonly totals: Totals;
  /** By errors. */
  readonly projects: readonly ProjectReport[];
  readonly sessions: SessionReport;
  readonly repairs: RepairReport;
  /** By second, minute, hour or day, as the window is long; without gaps. */
  readonly trend: { readonly bucket: Bucket; readonly points: readonly TrendPoint[] };
  /** The last 31 days of hours that have events. */
  readonly byHour: readonly TrendPoint[];
  /** Days that have events. */
  readonly byDay: readonly TrendPoint[];
  /** The latest first. */
  readonly releases: readonly ReleaseReport[];
  readonly issues: {
    readonly byEvents: readonly IssueReport[];
    readonly byUsers: readonly IssueReport[];
    /** First seen since `window.newSince`. */
    readonly new: readonly IssueReport[];
    /** Came back, since `window.newSince`, after they had been resolved. */
    readonly regressed: readonly IssueReport[];
  };
  readonly causes: readonly CauseReport[];
  readonly discarded: readonly DiscardReport[];
  /** What the figures mean, in words. */
  readonly definitions: Readonly<Record<string, string>>;
}

export type Bucket = 'second' | 'minute' | 'hour' | 'day';

export interface InputReport {
  readonly files: number;
  /** As they lie there, compressed or not. */
  readonly bytes: number;
  /** Good ones, of every type. */
  readonly rows: number;
  readonly rowsByType: Readonly<Record<string, number>>;
  readonly damagedRows: number;
  /** At most 20. */
  readonly damagedFiles: readonly { readonly path: string; readonly rows: number }[];
  /** Files that could not be read at all; at most 20. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  /** Their names begin with `_` or `.`: being written. */
  readonly inUse: number;
  readonly empty: number;
  /** Of kinds that are not read, told by their ends (.avro, .parquet, …). */
  readonly foreign: number;
  /** Events, transactions and segment spans that came more than once and were counted once. */
  readonly repeats: number;
}

interface Rates {
  /** Error events, transactions and segment spans, and events of other levels: the denominator. */
  readonly all: number;
  /** Of level error and fatal. */
  readonly errors: number;
  readonly errorRate: number | null;
}

export interface Totals extends Rates {
  /** Of every level. */
  readonly events: number;
  readonly transactions: number;
  readonly segments: number;
  /** `all` with each transaction and segment counted as often as its sample rate says there were. */
  readonly allUnsampled: number;
  readonly errorRateUnsampled: number | null;
  readonly issues: number;
  /** Users that had an error. */
  readonly users: number;
  readonly byLevel: Readonly<Record<string, number>>;
  /** Neither `timestamp` nor `received` could be read. */
  readonly undated: number;
}

export interface ProjectReport extends Rates {
  readonly project: string;
  readonly events: number;
  readonly transactions: number;
  readonly issues: number;
  readonly users: number;
  readonly sessions: number;
  readonly crashFreeSessions: number | null;
  readonly crashFreeUsers: number | null;
  readonly repairs: number;
  readonly mttr: number | null;
}

export interface SessionReport {
  readonly sessions: number;
  readonly crashed: number;
  readonly abnormal: number;
  readonly unhandled: number;
  readonly errored: number;
  readonly healthy: number;
  readonly crashFree: number | null;
  readonly users: number;
  readonly crashedUsers: number;
  readonly crashFreeUsers: number | null;
}

export interface RepairReport {
  readonly repairs: number;
  /** Seconds, added up over the repairs. */
  readonly total: number;
  /** Seconds: total / repairs. */
  readonly mttr: number | null;
  readonly median: number | null;
  readonly longest: number | null;
  /** By the day of the repair. */
  readonly byDay: readonly {
    readonly day: string;
    readonly repairs: number;
    readonly total: number;
    readonly mttr: number;
  }[];
  /** Not in the figures above. */
  readonly open: { readonly issues: number; readonly meanAge: number | null; readonly oldest: number | null };
  /** Put aside without a repair. */
  readonly archived: number;
}

export interface TrendPoint extends Rates {
  readonly at: string;
  readonly sessions: number;
  readonly crashed: number;
}

export interface ReleaseReport extends Rates {
  readonly release: string;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  /** Issues whose first event is of this release. */
  readonly newIssues: number;
  readonly sessions: number;
  readonly crashFreeSessions: number | null;
}

export interface IssueReport {
  readonly issue: string;
  readonly project: string;
  readonly title: string;
  readonly culprit: string | null;
  readonly level: string;
  readonly events: number;
  readonly users: number;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  /** When it came back after a resolve, the last time. */
  readonly reopened: string | null;
  /** As the webhooks say. */
  readonly status: 'unresolved' | 'resolved' | 'archived' | null;
  /** Events in equal parts of the window. */
  readonly sparkline: readonly number[];
}

export interface CauseReport {
  readonly issue: string;
  readonly project: string;
  readonly title: string;
  readonly events: number;
  /** Events of the other issues of the project: what it is compared with. */
  readonly rest: number;
  /** What is over-represented, the most telling first. */
  readonly values: readonly CauseValue[];
}

export interface CauseValue {
  /** release, environment, platform, server_name, culprit, or `tag NAME`. */
  readonly dimension: string;
  readonly value: string;
  /** Events of the issue with this value. */
  readonly support: number;
  readonly share: number;
  readonly restShare: number;
  /** share / restShare; null when only this issue has it. */
  readonly lift: number | null;
}

export interface DiscardReport {
  readonly source: 'client_report' | 'outcome';
  readonly outcome: string;
  readonly reason: string | null;
  readonly category: string | null;
  readonly quantity: number;
}
