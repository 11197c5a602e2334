# Walks through the scenario with boto3 and the aws command line, unmodified, in one process; each answer is held against botocore's model
# as it came on the wire. In: {"steps", "states": {"boto3", "cli"}} on standard input. Out: what was walked, as JSON.
import contextlib, base64, io, json, os, re, sys, tempfile, time
import boto3, botocore
from botocore import xform_name
from awscli.clidriver import create_clidriver

given = json.load(sys.stdin)
faults = []


def fault(where, what):
    faults.append(f'{where}: {what}')


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_bounds(shape, size, where):
    bounds = shape.metadata
    if size < bounds.get('min', 0) or size > bounds.get('max', size):
        fault(where, f'{size} is outside of {bounds}')


def check(shape, value, where):
    kind = shape.type_name
    if kind == 'structure':
        if not isinstance(value, dict):
            return fault(where, 'is no structure')
        for name in shape.required_members:
            if name not in value:
                fault(f'{where}.{name}', 'is missing')
        for name, member in value.items():
            if name not in shape.members:
                fault(f'{where}.{name}', 'is not in the model')
            else:
                check(shape.members[name], member, f'{where}.{name}')
    elif kind == 'list':
        if not isinstance(value, list):
            return fault(where, 'is no list')
        check_bounds(shape, len(value), where)
        for index, member in enumerate(value):
            check(shape.member, member, f'{where}.{index}')
    elif kind == 'map':
        if not isinstance(value, dict):
            return fault(where, 'is no map')
        for key, member in value.items():
            check(shape.key, key, f'{where} key')
            check(shape.value, member, f'{where}.{key}')
    elif kind == 'string':
        if not isinstance(value, str):
            return fault(where, 'is no string')
        if shape.enum and value not in shape.enum:
            fault(where, f'{value} is none of {shape.enum}')
        check_bounds(shape, len(value), where)
        pattern = shape.metadata.get('pattern')
        if pattern and not re.fullmatch(pattern, value):
            fault(where, f'{value!r} does not match {pattern}')
    elif kind in ('integer', 'long'):
        if not isinstance(value, int) or isinstance(value, bool):
            return fault(where, 'is no whole number')
        check_bounds(shape, value, where)
    elif kind in ('timestamp', 'float', 'double'):
        if not number(value):
            fault(where, 'is no number')
    elif kind == 'boolean':
        if not isinstance(value, bool):
            fault(where, 'is no boolean')
    else:
        fault(where, f'has the type {kind}, which is not expected')


class Answers:
    def __init__(self, client):
        self.client, self.count, self.last = client, 0, None

    def __call__(self, http_response=None, model=None, **rest):
        self.last = json.loads(http_response.content)
        self.count += 1
        if http_response.status_code == 200:
            check(model.output_shape, self.last, f'{self.client} {model.name}')
        if 'x-amzn-requestid' not in {name.lower() for name in http_response.headers}:
            fault(f'{self.client} {model.name}', 'has no request id')


def at(value, place):
    for step in place.split('.'):
        value = value[int(step)] if isinstance(value, list) else (value or {}).get(step)
    return value


def filled(value, state):
    if isinstance(value, str):
        return re.sub(r'\$\{(\w+)\}', lambda match: state[match[1]], value)
    if isinstance(value, list):
        return [filled(entry, state) for entry in value]
    if not isinstance(value, dict):
        return value
    if '$base64' in value:
        return base64.b64decode(state[value['$base64']])
    if '$number' in value:
        return int(state[value['$number']])
    return {key: filled(entry, state) for key, entry in value.items()}


def expect(client, step, answer, state):
    for place, expected in step.get('expect', {}).items():
        if at(answer, place) != filled(expected, state):
            fault(f'{client} {step["call"]}', f'{place} is {at(answer, place)!r}')
    state.update({name: at(answer, place) for name, place in step.get('keep', {}).items()})


def count_entries(client, step, pages):
    seen = [json.dumps(entry, default=str) for page in pages for entry in at(page, step['entries']) or []]
    if len(seen) < step['atLeast'] or len(set(seen)) != len(seen):
        fault(f'{client} {step["paginate"]}', f'{len(seen)} entries, {len(set(seen))} different ones')


ecr = boto3.client('ecr')


def pages_by_token(operation, arguments):
    page = getattr(ecr, xform_name(operation))(**arguments, maxResults=1)
    yield page
    while 'nextToken' in page:
        page = getattr(ecr, xform_name(operation))(**arguments, maxResults=1, nextToken=page['nextToken'])
        yield page


def walk_boto3(steps, state):
    answers = Answers('boto3')
    ecr.meta.events.register('after-call.ecr', answers)
    for step in steps:
        arguments = filled(step['input'], state)
        if 'wait' in step:
            waiter = ecr.get_waiter(xform_name(step['wait']))
            waiter.wait(**arguments, WaiterConfig={'Delay': 1, 'MaxAttempts': 60})
        elif 'paginate' in step:
            name = xform_name(step['paginate'])
            if ecr.can_paginate(name):
                pages = ecr.get_paginator(name).paginate(**arguments, PaginationConfig={'PageSize': 1})
            else:
                pages = pages_by_token(step['paginate'], arguments)
            count_entries('boto3', step, pages)
        elif 'refused' in step:
            try:
                getattr(ecr, xform_name(step['refused']))(**arguments)
                fault(f'boto3 {step["refused"]}', 'was accepted')
            except getattr(ecr.exceptions, step['error']):
                pass
        else:
            getattr(ecr, xform_name(step['call']))(**arguments)
            expect('boto3', step, answers.last, state)
    ecr.meta.events.unregister('after-call.ecr', answers)
    return answers.count


def cli(driver, *words, error=None):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = driver.main(['ecr', *words, '--output', 'json'])
    if (status == 0) != (error is None) or error is not None and error not in err.getvalue():
        fault(f'cli {words[0]}', err.getvalue().strip())
    return json.loads(out.getvalue() or '{}')


def input_of(arguments, directory):
    """Bytes come from files, the rest as one JSON."""
    words = []
    for name, value in list(arguments.items()):
        if isinstance(value, bytes):
            file = os.path.join(directory, name)
            with open(file, 'wb') as opened:
                opened.write(value)
            words += ['--' + xform_name(name, '-'), 'fileb://' + file]
            del arguments[name]
    return words + ['--cli-input-json', json.dumps(arguments)]


def until_over(step, arguments):
    """The command line asks every five seconds; it is asked when there is an answer."""
    waiter = ecr.get_waiter(xform_name(step['wait']))
    waiter.wait(**arguments, WaiterConfig={'Delay': 1, 'MaxAttempts': 60})


def walk_cli(steps, state):
    answers = Answers('cli')
    driver = create_clidriver()
    driver.session.register('after-call.ecr', answers)
    with tempfile.TemporaryDirectory() as directory:
        for step in steps:
            arguments = filled(step['input'], state)
            if 'wait' in step:
                until_over(step, arguments)
                words = input_of(arguments, directory)
                cli(driver, 'wait', xform_name(step['wait'], '-'), *words)
            elif 'paginate' in step:
                words = input_of(arguments, directory)
                size = ['--page-size', '1'] if ecr.can_paginate(xform_name(step['paginate'])) else []
                answer = cli(driver, xform_name(step['paginate'], '-'), *size, *words)
                count_entries('cli', step, [answer])
            elif 'refused' in step:
                words = input_of(arguments, directory)
                cli(driver, xform_name(step['refused'], '-'), *words, error=step['error'])
            else:
                cli(driver, xform_name(step['call'], '-'), *input_of(arguments, directory))
                expect('cli', step, answers.last, state)
    return answers.count


known = set(ecr.meta.service_model.operation_names)


def of_step(step):
    return step.get('call') or step.get('paginate') or step.get('refused') or 'DescribeRepositories'


# A client may be older than the operations.
unknown = sorted({of_step(step) for step in given['steps']} - known)
given['steps'] = [step for step in given['steps'] if of_step(step) in known]
counts = {}
for client, walk in (('boto3', walk_boto3), ('cli', walk_cli)):
    counts[client] = walk(given['steps'], given['states'][client])
print(json.dumps({'counts': counts, 'faults': faults, 'unknown': unknown, 'version': botocore.__version__}))
