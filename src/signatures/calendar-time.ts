// A date and time of day in UTC, as certificates, timestamps and envelopes write them apart.

/**
 * Milliseconds since the epoch, of year (four digits), month, day, hour, minute and second (two); undefined for a time that
 * does not exist. A 31st of February would else silently become the 3rd of March, and 24 o'clock the next day.
 */
export function calendarTime(digits: readonly string[], fraction = ''): number | undefined {
  const text = `${digits.slice(0, 3).join('-')}T${digits.slice(3, 6).join(':')}`
  const at = Date.parse(`${text}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text) ? at : undefined
}
