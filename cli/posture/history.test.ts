import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { judgePosture } from '../../src/posture/rules/judge-posture.ts'
import { postureRules } from '../../src/posture/rules/table.ts'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { postureEvidence } from '../../test/kit/posture.ts'
import { addToHistory, readHistory } from './history.ts'

const about = { target: 'pratique', account: '123456789012' }

test('a file that is no history is refused with its line, and not added to', async (t) => {
  const file = join(await temporaryDirectory(t), 'scores')
  await writeFile(file, '{"at":"x"}\n')
  assert.throws(() => readHistory(file, about), /scores:1 is no line of a history/)
  await writeFile(file, 'hello\n')
  assert.throws(() => readHistory(file, about), /scores:1 is no line of a history/)
})

test('scores are kept by target and account', async (t) => {
  const file = join(await temporaryDirectory(t), 'scores')
  assert.deepEqual(readHistory(file, about), [])
  const posture = judgePosture(postureRules, postureEvidence(), [])
  addToHistory(file, posture, { ...about, at: '2026-11-25T00:00:00.000Z' })
  addToHistory(file, posture, { ...about, target: 'aws', at: '2026-11-26T00:00:00.000Z' })
  assert.deepEqual(
    readHistory(file, about).map(({ at, points }) => [at, points]),
    [['2026-11-25T00:00:00.000Z', 100]],
  )
  assert.equal((await readFile(file, 'utf8')).trim().split('\n').length, 2)
})
