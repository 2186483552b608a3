"Test one notebook with nbdev, in a process of its own, and write what happened to a JSON file: test_one.py NOTEBOOK FLAGS JSON"
import faulthandler, json, os, sys, time
from collections import Counter
from pathlib import Path

LIMIT, LONG = 30*60, 3*60*60 # seconds after which a notebook counts as hung: ordinarily, and with the slow cells

def main(path, flags, out):
    import nbdev.test as t
    from nbdev.config import get_config
    from nbdev.process import NBProcessor
    cfg, flags = get_config(), flags.split()
    faulthandler.dump_traceback_later(LONG if 'slow' in flags else LIMIT, exit=True)
    took = []
    class Shell(t.CaptureShell):
        def cell(self, cell, **kw):
            start = time.perf_counter()
            super().cell(cell, **kw)
            if cell.cell_type=='code': took.append((time.perf_counter()-start, cell.source.strip().split('\n')[0]))
    t.CaptureShell = Shell
    skip = set(cfg.tst_flags.split()) - set(flags)
    cells = [c for c in NBProcessor(path).nb.cells if c.cell_type=='code']
    flagged = Counter(f for c in cells for f in sorted(skip & c.directives_.keys())[:1])
    ok,secs = t.test_nb(Path(path), skip_flags=skip, basepath=cfg.config_path)
    slow = [(s,src) for s,src in took if s>10]
    Path(out).write_text(json.dumps(dict(ok=ok, secs=secs, cells=len(cells), ran=len(took), flagged=flagged, slow=slow)))
    return 0 if ok else 1

if __name__=='__main__': sys.exit(main(*sys.argv[1:]))
