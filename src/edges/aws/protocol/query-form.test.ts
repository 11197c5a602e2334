import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type } from 'typebox'
import { formReader, readForm, type FormValue } from './query-form.ts'

const model = Type.Object({
  Name: Type.Optional(Type.String()),
  Limit: Type.Optional(Type.Integer()),
  All: Type.Optional(Type.Boolean()),
  Kind: Type.Optional(Type.Union([Type.Literal('User'), Type.Literal('Role')])),
  Keys: Type.Optional(Type.Array(Type.String())),
  Tags: Type.Optional(Type.Array(Type.Object({ Key: Type.String(), Value: Type.String() }))),
  Provider: Type.Optional(Type.Object({ Arn: Type.String() })),
  Context: Type.Optional(Type.Record(Type.String(), Type.String())),
})
const read = formReader(model)

function valueOf(text: string): FormValue {
  const form = readForm(text)
  assert.ok(form.kind === 'form', form.kind)
  return read(form.form)
}

test('refuses what is not form encoding, what is given twice, and too much', () => {
  assert.equal(readForm('Name=%zz').kind, 'malformed')
  assert.equal(readForm('Name=%ff').kind, 'malformed')
  assert.deepEqual(readForm('Action=A&Action=B'), { kind: 'repeated', name: 'Action' })
  assert.deepEqual(readForm('Name=a&N%61me=a'), { kind: 'repeated', name: 'Name' })
  const many = Array.from({ length: 4001 }, (_, index) => `P${index}=`).join('&')
  assert.equal(readForm(many).kind, 'malformed')
})

test('refuses members of another shape', () => {
  const cases = [
    'Name.Inner=x',
    'Name.member.1=x',
    'Limit=many',
    'Limit=1.5',
    'Limit=',
    'All=yes',
    'Keys=a',
    'Keys.member.0=a',
    'Keys.member.01=a',
    'Keys.member.x=a',
    'Keys.member.10000=a',
    'Keys.1=a',
    'Keys.member.1.Key=a',
    'Tags.member.1=a',
    'Provider=x',
    'Context.entry.1.key=a',
    'Context.entry.1.key=a&Context.entry.1.value=b&Context.entry.2.key=a&Context.entry.2.value=c',
  ]
  for (const text of cases) assert.equal(valueOf(text).kind, 'malformed', text)
})

test('reads each kind of member', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['', {}],
    ['Name=a+b%26c%C3%A9', { Name: 'a b&cé' }],
    ['Name=', { Name: '' }],
    ['Name', { Name: '' }],
    ['Limit=-12', { Limit: -12 }],
    ['All=True', { All: true }],
    ['Kind=Role', { Kind: 'Role' }],
    ['Keys=', { Keys: [] }],
    ['Keys.member.2=b&Keys.member.1=a&Keys.member.10=c', { Keys: ['a', 'b', 'c'] }],
    [
      'Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=l',
      { Tags: [{ Key: 'k', Value: 'v' }, { Key: 'l' }] },
    ],
    ['Provider.Arn=x', { Provider: { Arn: 'x' } }],
    ['Context.entry.1.key=a&Context.entry.1.value=b', { Context: { a: 'b' } }],
    ['Unknown.member.1.X=1&X-Amz-Date=2&Action=A', {}],
    [`${'Name.'.repeat(20)}=x`, {}],
  ]
  for (const [text, value] of cases) assert.deepEqual(valueOf(text), { kind: 'value', value }, text)
})

test('a key of a map or a name of a parameter never reaches an object’s own members', () => {
  const text = 'Context.entry.1.key=__proto__&Context.entry.1.value=x&__proto__.Name=y'
  const reading = valueOf(text)
  assert.ok(reading.kind === 'value')
  assert.equal(Reflect.get(Object.prototype, 'Name'), undefined)
})

test('never throws, whatever the form', () => {
  const step = fc.constantFrom('Tags', 'Context', 'member', 'entry', '1', '2', 'Key', 'key', 'Keys')
  const name = fc.array(step, { minLength: 1, maxLength: 6 }).map((steps) => steps.join('.'))
  const pair = fc.tuple(fc.oneof(name, fc.string()), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const form = readForm(pairs.map(([key, value]) => `${key}=${value}`).join('&'))
      if (form.kind === 'form') read(form.form)
    }),
  )
})
