import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOfEntry, simulatedContext } from './simulated-context.ts'

test('a value that is not of its type, or not the only one, is refused', () => {
  const cases: readonly (readonly [type: string, values: readonly string[], isRefused: boolean])[] =
    [
      ['text', ['a'], true],
      ['string', [], true],
      ['string', ['a', 'b'], true],
      ['string', [''], false],
      ['stringList', [], false],
      ['stringList', ['a', ''], false],
      ['numeric', ['1e3'], true],
      ['numeric', ['-1.5'], false],
      ['numericList', ['1', 'x'], true],
      ['boolean', ['yes'], true],
      ['boolean', ['False'], false],
      ['ip', ['localhost'], true],
      ['ip', ['2001:db8::/32'], false],
      ['ipList', ['10.0.0.0/8', '192.0.2.1'], false],
      ['binary', ['a b'], true],
      ['binary', ['QUI='], false],
      ['date', ['yesterday'], true],
      ['date', ['2026-11-24'], false],
      ['date', ['2026-11-24T12:00:00Z'], false],
      ['date', ['1795521600'], false],
    ]
  for (const [type, values, isRefused] of cases) {
    const fault = faultOfEntry({ key: 'aws:key', type, values })
    assert.equal(fault !== undefined, isRefused, `${type} ${values.join(' ')}`)
    if (fault !== undefined)
      assert.match(fault, /^the context key aws:key has|^the context key aws:key is/)
  }
})

test('what is given takes the place of what is derived, and names of keys have no case', () => {
  const context = simulatedContext({ 'aws:username': 'dev', 'aws:PrincipalAccount': '1' }, [
    { key: 'AWS:UserName', type: 'string', values: ['ops'] },
    { key: 'aws:TagKeys', type: 'stringList', values: ['team'] },
    { key: 'aws:Referer', type: 'stringList', values: [] },
  ])
  assert.equal(context.get('aws:username'), 'ops')
  assert.equal(context.get('aws:principalaccount'), '1')
  assert.deepEqual(context.get('aws:tagkeys'), ['team'])
  assert.deepEqual(context.get('aws:referer'), [])
  assert.equal(context.get('aws:sourceip'), undefined)
})
