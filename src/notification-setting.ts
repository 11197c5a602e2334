// The settings of notifications: where they may go, when they become a digest, and for how long what was told is kept.
import { oneOf, wholeBetween } from './setting-values.ts'

export interface NotificationSetting {
  /** Whether messages may go to addresses of inner networks. */
  readonly allowPrivateNetwork: boolean
  /** Share of an account's images that an update of the data may touch before it is told as a digest, in percent. */
  readonly stormPercent: number
  /** For how long events are kept that everybody who reads them has passed, in days. */
  readonly keepEventsDays: number
}

export const notificationSettings = {
  notifyPrivate: {
    environment: 'PRATIQUE_NOTIFY_PRIVATE',
    fallback: 'refuse',
    says: 'allow sends notifications to private and loopback addresses too; refuse to public ones only',
  },
  notifyStormPercent: {
    environment: 'PRATIQUE_NOTIFY_STORM_PERCENT',
    fallback: '10',
    says: "percent, 1 to 100, of an account's images: an update of the data that touches more is told as a digest",
  },
  eventsKeepDays: {
    environment: 'PRATIQUE_EVENTS_KEEP_DAYS',
    fallback: '14',
    says: 'days for which events are kept after they were told',
  },
} as const

type Read = <T>(
  name: keyof typeof notificationSettings,
  parse: (text: string) => T | undefined,
  expected: string,
  fallback: T,
) => T

export function notificationsFrom(read: Read): NotificationSetting {
  const may = read('notifyPrivate', oneOf('refuse', 'allow'), 'refuse or allow', 'refuse')
  const percents = wholeBetween(1, 100)
  const percent = 'a whole number from 1 to 100'
  const days = wholeBetween(1, 3650)
  return {
    allowPrivateNetwork: may === 'allow',
    stormPercent: read('notifyStormPercent', percents, percent, 1),
    keepEventsDays: read('eventsKeepDays', days, 'whole days from 1 to 3650', 1),
  }
}
