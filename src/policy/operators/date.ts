// Purpose:  the Date operators: instants as ISO 8601 or seconds of the epoch, compared without rounding.
// Spec:     IAM User Guide, "Date condition operators"; W3C NOTE-datetime.
// Input:    policy values, and text of the context, which may be hostile.
// Deviates: one to four digits are a year, five and more are seconds of the epoch (AWS does not say).
// Unknowns: what is no instant → undefined, and no comparison with it is true.
import { anyOf, type Comparison } from './operator.ts'

export interface Instant {
  /** Since 1970-01-01T00:00:00Z. */
  readonly seconds: number
  /** Decimals of a second, without zeros at the end. */
  readonly fraction: string
}

const calendarForm =
  /^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})T(?<hour>[0-9]{2}):(?<minute>[0-9]{2})(?::(?<second>[0-9]{2})(?:\.(?<fraction>[0-9]+))?)?(?:Z|(?<sign>[+-])(?<zoneHour>[0-9]{2}):(?<zoneMinute>[0-9]{2}))$/

export function parseInstant(text: string): Instant | undefined {
  if (/^[0-9]{5,15}$/.test(text)) return { seconds: Number(text), fraction: '' }
  const parts = calendarForm.exec(completed(text))?.groups
  if (parts === undefined) return undefined
  const number = (name: string): number => Number(parts[name] ?? 0)
  const days = daysOf(number('year'), number('month'), number('day'))
  const time = secondsOf(number('hour'), number('minute'), number('second'))
  const offset = secondsOf(number('zoneHour'), number('zoneMinute'), 0)
  if (days === undefined || time === undefined || offset === undefined) return undefined
  const shift = parts['sign'] === '-' ? offset : -offset
  const fraction = withoutTrailingZeros(parts['fraction'] ?? '')
  return { seconds: days * 86_400 + time + shift, fraction }
}

/** A year, a month or a day stands for its first instant. */
function completed(text: string): string {
  if (/^[0-9]{1,4}$/.test(text)) return `${text.padStart(4, '0')}-01-01T00:00Z`
  if (text.length === 7) return `${text}-01T00:00Z`
  return text.length === 10 ? `${text}T00:00Z` : text
}

const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days since the epoch in the Gregorian calendar; undefined for a day that is in no calendar. */
function daysOf(year: number, month: number, day: number): number | undefined {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const length = (daysOfMonths[month - 1] ?? 0) + (month === 2 && isLeap ? 1 : 0)
  if (day < 1 || day > length) return undefined
  // Years begin in March here, so that the leap day is the last one.
  const shifted = month > 2 ? year : year - 1
  const monthFromMarch = (month + 9) % 12
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400)
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1
  return shifted * 365 + leaps + dayOfYear - 719_468
}

function secondsOf(hour: number, minute: number, second: number): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined
  return hour * 3600 + minute * 60 + second
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (digits.charAt(end - 1) === '0') end--
  return digits.slice(0, end)
}

/** Negative, zero or positive as the first is before, at or after the second. */
export function compareInstants(left: Instant, right: Instant): number {
  if (left.seconds !== right.seconds) return left.seconds - right.seconds
  if (left.fraction === right.fraction) return 0
  return left.fraction < right.fraction ? -1 : 1
}

function date(holds: (order: number) => boolean): Comparison {
  return {
    operandType: 'date',
    hasVariables: false,
    hasWildcards: false,
    compile: (values) =>
      anyOf(
        values.map((value) => {
          const wanted = parseInstant(value)
          if (wanted === undefined) return () => false
          return (text) => {
            const found = parseInstant(text)
            return found !== undefined && holds(compareInstants(found, wanted))
          }
        }),
      ),
  }
}

export const dateEquals = date((order) => order === 0)
export const dateLessThan = date((order) => order < 0)
export const dateLessThanEquals = date((order) => order <= 0)
export const dateGreaterThan = date((order) => order > 0)
export const dateGreaterThanEquals = date((order) => order >= 0)
