// The settings of the door for clusters: where it listens by TLS, under which names it is reached, and how long it is remembered what they ran.
import { parseListen, wholeBetween } from './setting-values.ts'

export interface AdmissionSetting {
  /** Undefined: there is no such door; the doors for clusters are then at the common address alone. */
  readonly listen: { readonly host: string; readonly port: number } | undefined
  /** Hosts and addresses that its certificate is for. */
  readonly names: readonly string[]
  /** For how long an image is taken to run of which nobody tells any more, in days. */
  readonly inUseDays: number
  /** For how long decisions about images are kept, and what ran, in days. */
  readonly decisionDays: number
}

export const admissionSettings = {
  admissionListen: {
    environment: 'PRATIQUE_ADMISSION_LISTEN',
    fallback: '',
    says: 'HOST:PORT where clusters ask by TLS 1.3, with certificates that the server makes itself; empty for none',
  },
  admissionNames: {
    environment: 'PRATIQUE_ADMISSION_NAMES',
    fallback: 'localhost,127.0.0.1',
    says: 'host names and addresses, parted by commas, by which clusters reach it; the first is told them',
  },
  inUseDays: {
    environment: 'PRATIQUE_IN_USE_DAYS',
    fallback: '30',
    says: 'days for which an image counts as in use after it was last let run or reported by a cluster, 1 to 3650',
  },
  decisionDays: {
    environment: 'PRATIQUE_DECISION_DAYS',
    fallback: '90',
    says: 'days for which admission decisions are kept, and what ran and does not any more, 1 to 3650',
  },
} as const

type Read = <T>(
  name: keyof typeof admissionSettings,
  parse: (text: string) => T | undefined,
  expected: string,
  fallback: T,
) => T

export function admissionFrom(read: Read): AdmissionSetting {
  const listen = read(
    'admissionListen',
    (text) => (text === '' ? 'none' : parseListen(text)),
    'HOST:PORT, for example 0.0.0.0:5443, or nothing',
    'none',
  )
  const names = read('admissionNames', namesIn, 'host names and addresses parted by commas', [])
  const days = wholeBetween(1, 3650)
  const expected = 'a number of days from 1 to 3650'
  return {
    listen: listen === 'none' ? undefined : listen,
    names,
    inUseDays: read('inUseDays', days, expected, 30),
    decisionDays: read('decisionDays', days, expected, 90),
  }
}

const maxNames = 50

function namesIn(text: string): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const isNames = names.every((name) => /^(?:[a-z0-9.-]{1,253}|[0-9a-f:]{2,39})$/.test(name))
  return isNames && names.length <= maxNames ? names : undefined
}
