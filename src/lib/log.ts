import pino, { type Logger } from 'pino'
import pretty from 'pino-pretty'

export type Log = Logger

/** Events as JSON lines on stderr, or pretty for a person; stdout is for answers. */
export function createLog(style: 'json' | 'pretty' | 'silent'): Log {
  if (style === 'silent') return pino({ level: 'silent' })
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime }
  if (style === 'json') return pino(options, pino.destination(2))
  const stream = pretty({
    destination: 2,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'event',
    messageFormat: '{event}',
  })
  return pino(options, stream)
}
