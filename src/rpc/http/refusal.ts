/** A request that is refused with this status; the message is for the client, the reason for the log. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, message: string, reason: string = message) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}
