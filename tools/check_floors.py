"Do imports point down, and does each notebook write one module? A notebook's two digits are its floor, and a letter behind them a step between two floors."
import ast, re, sys
from pathlib import Path
from IPython.core.inputtransformer2 import TransformerManager
from nbdev.process import NBProcessor

PKG, EXPERIMENTS, INDEX = 'ctx_transformers', 70, 100 # floors from 70 up export nothing; the front page reads everything

class Notebook:
    "One notebook: its floor, the modules it writes, and the code of its cells."
    def __init__(self, path):
        self.path, self.name = path, path.name
        m = re.fullmatch(r'(\d\d)([a-z]?)_([\w.]+)\.ipynb', path.name)
        self.floor = INDEX if path.name=='index.ipynb' else int(m[1])+(ord(m[2])-96)/27 if m and m[2] else int(m[1]) if m else None
        self.title = m[3] if m else None
        self.cells = [(i,c) for i,c in enumerate(NBProcessor(path).nb.cells) if c.cell_type=='code']
        self.default = [' '.join(a) for _,c in self.cells for k,a in c.directives_.items() if k=='default_exp']
        self.exports = [(i,a) for i,c in self.cells for k,a in c.directives_.items() if k in ('export','exports','exporti')]
        self.module = f'{PKG}.{self.default[0]}' if self.default else None

def shape(nb):
    "What is wrong with one notebook's name and with what it exports."
    if nb.floor is None: yield 'the name must be two digits, perhaps a letter, `_`, and the module: `20_layers.pooling.ipynb`'; return
    if nb.floor>=EXPERIMENTS:
        if nb.default or nb.exports: yield f'exports code, and from {EXPERIMENTS} up (and in the index) nothing is exported'
        return
    if len(nb.default)!=1: yield f'needs exactly one `#| default_exp`, has {len(nb.default)}'
    elif nb.default[0]!=nb.title: yield f'writes `{nb.default[0]}` but its name says `{nb.title}`'
    for i,to in nb.exports:
        if to: yield f'cell {i}: exports to `{to[0]}`; a notebook writes one module, its own'

def imported(code, module, modules):
    "Modules of the package that `code` imports as (dotted name, is it a star import), names that are none of ours as they stand."
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import): names = [(a.name,False) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                up = (module or f'{PKG}._').split('.')[:-node.level]
                base = '.'.join(up + ([base] if base else []))
            names = [(base if base in modules or a.name in ('*','__version__') else f'{base}.{a.name}', a.name=='*') for a in node.names]
        else: continue
        yield from ((n,s) for n,s in names if n.split('.')[0]==PKG and n!=PKG)

def climbs(where, code, module, floor, owner):
    "What is wrong with the imports of `code`, which stands on `floor`."
    for name,star in imported(code, module, owner):
        if name not in owner: yield f'{where}: imports {name}, which no notebook writes'; continue
        if star: yield f'{where}: star import of {name}; name what is used'
        to = owner[name]
        if name!=module and to.floor>=floor: yield f'{where}: imports {name}, written by {to.name}; imports point to lower numbers only'

def problems(root):
    "Every import that does not point down, and every notebook that does not write one module."
    root, res, owner, floors = Path(root), [], {}, {}
    nbs = [Notebook(p) for p in sorted((root/'nbs').rglob('*.ipynb')) if not any(o[0] in '._' for o in p.relative_to(root).parts)]
    for nb in nbs:
        res += [f'{nb.name}: {o}' for o in shape(nb)]
        if nb.floor is None: continue
        if nb.floor in floors: res.append(f'{nb.name}: {floors[nb.floor].name} has its number too')
        floors[nb.floor] = nb
        if not nb.module: continue
        if nb.module in owner: res.append(f'{nb.name}: {owner[nb.module].name} writes {nb.module} too')
        owner[nb.module] = nb
    for nb in nbs:
        if nb.floor is None: continue
        for i,c in nb.cells:
            try: res += climbs(f'{nb.name} cell {i}', TransformerManager().transform_cell(c.source), nb.module, nb.floor, owner)
            except SyntaxError as e: res.append(f'{nb.name} cell {i}: not Python: {e.msg}')
    for p in sorted((root/PKG).rglob('*.py')):
        rel = p.relative_to(root)
        if rel.name=='_modidx.py': continue
        module = '.'.join(rel.with_suffix('').parts)
        if rel.name=='__init__.py': # must stay importable by every floor
            res += [f'{rel.as_posix()}: imports {n}; a package imports none of its modules' for n,_ in imported(p.read_text(encoding='utf-8'), module, owner)]
        elif module not in owner: res.append(f'{rel.as_posix()}: no notebook writes it; delete it')
        else: res += climbs(rel.as_posix(), p.read_text(encoding='utf-8'), module, owner[module].floor, owner)
    return res

if __name__=='__main__': sys.exit('\n'.join(problems(Path(__file__).parents[1])) or None)
