// What an origin may send, or a database may hold, is read or refused: nothing throws and nothing hangs.
import { test } from 'node:test'
import fc from 'fast-check'
import { parseValidator } from '../storage/feeds/validator.ts'
import { chooseFeeds } from './choice.ts'
import { parseDeltaCursor } from './delta-cursor.ts'
import { affectedBetween } from './gem-requirement.ts'
import { readModules } from './go.ts'
import { readModifiedIds } from './modified-ids.ts'
import { convertGemAdvisory } from './rubysec.ts'

const range = { since: 0, limit: 10 }
const piece = fc.constantFrom(
  '~> ',
  '>= ',
  '1',
  '.',
  '0',
  'rc',
  ',',
  ' ',
  '-',
  '<',
  '=',
  '\n',
  '"',
  '[',
  ']',
  '{',
  '}',
  ':',
  '- ',
  'gem',
  'vulns',
  'id',
  'null',
)
const soup = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
const text = fc.oneof(soup, fc.string({ unit: 'binary' }), fc.json())

test('no text makes a reader throw', () => {
  fc.assert(
    fc.property(text, (value) => {
      readModules(value, range)
      readModifiedIds(value, range)
      parseDeltaCursor(value)
      parseValidator(value)
      chooseFeeds([value])
      affectedBetween([value])
      convertGemAdvisory(value, 'x/gems/a/CVE-2026-1.yml')
    }),
    { numRuns: 2000 },
  )
})
