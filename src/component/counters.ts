/**
 * Flume's counters, by kind of component and under Flume's names. They are plain numbers: a component adds to them, at most once a batch,
 * and monitoring reads them. `StartTime` and `StopTime` are milliseconds since 1970, 0 while not so.
 */

export interface SourceCounters {
  EventReceivedCount: number;
  EventAcceptedCount: number;
  AppendReceivedCount: number;
  AppendAcceptedCount: number;
  AppendBatchReceivedCount: number;
  AppendBatchAcceptedCount: number;
  OpenConnectionCount: number;
  EventReadFail: number;
  ChannelWriteFail: number;
  GenericProcessingFail: number;
  /** Events that had come before and were left out: of sources that look for them alone. */
  EventDuplicateCount?: number;
  /** The source sentry's: events kept though they are not of the form that their type says. */
  EventUnparsedCount?: number;
  /** Events in which something was replaced before they were kept. */
  EventScrubbedCount?: number;
  /** Requests answered 429, since the channel had no room: their client sends nothing for a while. */
  RequestThrottledCount?: number;
  /** Requests passed on to the real Sentry, refused by it, never passed on, and sent to it again. */
  ForwardedCount?: number;
  ForwardRefusedCount?: number;
  ForwardDroppedCount?: number;
  ForwardRetriedCount?: number;
  StartTime: number;
  StopTime: number;
}

export interface ChannelCounters {
  ChannelSize: number;
  ChannelCapacity: number;
  EventPutAttemptCount: number;
  EventPutSuccessCount: number;
  EventTakeAttemptCount: number;
  EventTakeSuccessCount: number;
  StartTime: number;
  StopTime: number;
  /** The file channel's alone. */
  Open?: boolean;
  /** 1 while closed. */
  Closed?: number;
  /** 1 while events cannot be written, or the channel could not be opened. */
  Unhealthy?: number;
  EventPutErrorCount?: number;
  /** Reads that failed, and events that were lost to damage. */
  EventTakeErrorCount?: number;
  CheckpointWriteErrorCount?: number;
  CheckpointBackupWriteErrorCount?: number;
}

export interface SinkCounters {
  ConnectionCreatedCount: number;
  ConnectionClosedCount: number;
  ConnectionFailedCount: number;
  BatchEmptyCount: number;
  BatchUnderflowCount: number;
  BatchCompleteCount: number;
  EventDrainAttemptCount: number;
  EventDrainSuccessCount: number;
  EventWriteFail: number;
  ChannelReadFail: number;
  StartTime: number;
  StopTime: number;
}

/** The agent's own; Flume has none like them. */
export interface AgentCounters {
  /** The number of the last checkpoint that is durable. */
  readonly CheckpointSequence: number;
  /** Milliseconds since it became durable; -1 when this life has written none yet (there was nothing new). */
  readonly CheckpointAgeMs: number;
  /** How often a checkpoint could not be written. */
  readonly CheckpointFailures: number;
  /** 1 while it cannot be written: sinks wait then. */
  readonly CheckpointUnhealthy: number;
  /** Files of state (checkpoints, position files, …) that were found damaged in this life. Anything but 0 is worth a look at the log. */
  readonly StateDamaged: number;
  /** The number of this life of the agent; see the option `sequenceHeaders` of sources. */
  readonly Epoch: number;
}

export function newSourceCounters(): SourceCounters {
  return {
    EventReceivedCount: 0,
    EventAcceptedCount: 0,
    AppendReceivedCount: 0,
    AppendAcceptedCount: 0,
    AppendBatchReceivedCount: 0,
    AppendBatchAcceptedCount: 0,
    OpenConnectionCount: 0,
    EventReadFail: 0,
    ChannelWriteFail: 0,
    GenericProcessingFail: 0,
    StartTime: 0,
    StopTime: 0,
  };
}

export function newChannelCounters(capacity: number): ChannelCounters {
  return {
    ChannelSize: 0,
    ChannelCapacity: capacity,
    EventPutAttemptCount: 0,
    EventPutSuccessCount: 0,
    EventTakeAttemptCount: 0,
    EventTakeSuccessCount: 0,
    StartTime: 0,
    StopTime: 0,
  };
}

export function newSinkCounters(): SinkCounters {
  return {
    ConnectionCreatedCount: 0,
    ConnectionClosedCount: 0,
    ConnectionFailedCount: 0,
    BatchEmptyCount: 0,
    BatchUnderflowCount: 0,
    BatchCompleteCount: 0,
    EventDrainAttemptCount: 0,
    EventDrainSuccessCount: 0,
    EventWriteFail: 0,
    ChannelReadFail: 0,
    StartTime: 0,
    StopTime: 0,
  };
}
