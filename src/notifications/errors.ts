import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room: what it means, what to do about it, and whether the same call may succeed later. */
export const notificationErrors = {
  SINK_INVALID: entry(
    'The sink cannot be as it was asked for.',
    'Read the message: it names each member that is wrong.',
  ),
  SINK_EXISTS: entry(
    'The account has a sink of this name.',
    'Choose another name, or remove that one: pratique notify remove NAME.',
  ),
  SINK_UNKNOWN: entry(
    'The account has no such sink.',
    'List those that there are: pratique notify list.',
  ),
  SINK_LIMIT: entry(
    'The account has as many sinks as it may have.',
    'Remove one that nobody needs: pratique notify remove NAME.',
  ),
  SINK_UNSIGNED: entry(
    'Only webhooks are signed.',
    'A chat webhook or a mail server has no secret of ours: remove the sink and add it with the new address or password.',
  ),
} as const

export type NotificationErrorCode = keyof typeof notificationErrors

export function notificationError(
  code: NotificationErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<NotificationErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isNotificationError(error: unknown): error is PratiqueError<NotificationErrorCode> {
  return error instanceof PratiqueError && error.code in notificationErrors
}
