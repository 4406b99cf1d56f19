"""The works that a study stands on: software, statistics, data. Those cited are written to references.bib."""

from __future__ import annotations

import re
from collections.abc import Iterable

ENTRIES = r"""
@inproceedings{abadi2016tensorflow,
  author = {Abadi, Mart{\'\i}n and Barham, Paul and Chen, Jianmin and Chen, Zhifeng and Davis, Andy and Dean, Jeffrey and Devin,
    Matthieu and Ghemawat, Sanjay and Irving, Geoffrey and Isard, Michael and others},
  title = {{TensorFlow}: A System for Large-Scale Machine Learning},
  booktitle = {12th USENIX Symposium on Operating Systems Design and Implementation (OSDI 16)},
  pages = {265--283},
  publisher = {USENIX Association},
  year = {2016}
}
@misc{chollet2015keras,
  author = {Chollet, Fran{\c{c}}ois and others},
  title = {Keras},
  howpublished = {\url{https://keras.io}},
  year = {2015}
}
@misc{jax2018github,
  author = {Bradbury, James and Frostig, Roy and Hawkins, Peter and Johnson, Matthew James and Leary, Chris and Maclaurin,
    Dougal and Necula, George and Paszke, Adam and VanderPlas, Jake and Wanderman-Milne, Skye and Zhang, Qiao},
  title = {{JAX}: composable transformations of {Python}+{NumPy} programs},
  howpublished = {\url{http://github.com/jax-ml/jax}},
  year = {2018}
}
@article{molder2021snakemake,
  author = {M{\"o}lder, Felix and Jablonski, Kim Philipp and Letcher, Brice and Hall, Michael B. and Tomkins-Tinch, Christopher
    H. and Sochat, Vanessa and Forster, Jan and Lee, Soohyun and Twardziok, Sven O. and Kanitz, Alexander and Wilm, Andreas and
    Holtgrewe, Manuel and Rahmann, Sven and Nahnsen, Sven and K{\"o}ster, Johannes},
  title = {Sustainable data analysis with {Snakemake}},
  journal = {F1000Research},
  volume = {10},
  pages = {33},
  doi = {10.12688/f1000research.29032.2},
  year = {2021}
}
@article{zaharia2018accelerating,
  author = {Zaharia, Matei and Chen, Andrew and Davidson, Aaron and Ghodsi, Ali and Hong, Sue Ann and Konwinski, Andy and
    Murching, Siddharth and Nykodym, Tomas and Ogilvie, Paul and Parkhe, Mani and Xie, Fen and Zumar, Corey},
  title = {Accelerating the Machine Learning Lifecycle with {MLflow}},
  journal = {IEEE Data Engineering Bulletin},
  volume = {41},
  number = {4},
  pages = {39--45},
  year = {2018}
}
@article{pedregosa2011scikit,
  author = {Pedregosa, Fabian and Varoquaux, Ga{\"e}l and Gramfort, Alexandre and Michel, Vincent and Thirion, Bertrand and
    Grisel, Olivier and Blondel, Mathieu and Prettenhofer, Peter and Weiss, Ron and Dubourg, Vincent and Vanderplas, Jake and
    Passos, Alexandre and Cournapeau, David and Brucher, Matthieu and Perrot, Matthieu and Duchesnay, {\'E}douard},
  title = {Scikit-learn: Machine Learning in {Python}},
  journal = {Journal of Machine Learning Research},
  volume = {12},
  pages = {2825--2830},
  year = {2011}
}
@article{virtanen2020scipy,
  author = {Virtanen, Pauli and Gommers, Ralf and Oliphant, Travis E. and Haberland, Matt and Reddy, Tyler and Cournapeau, David
    and Burovski, Evgeni and Peterson, Pearu and Weckesser, Warren and Bright, Jonathan and others},
  title = {{SciPy} 1.0: Fundamental Algorithms for Scientific Computing in {Python}},
  journal = {Nature Methods},
  volume = {17},
  pages = {261--272},
  doi = {10.1038/s41592-019-0686-2},
  year = {2020}
}
@article{student1908probable,
  author = {Student},
  title = {The Probable Error of a Mean},
  journal = {Biometrika},
  volume = {6},
  number = {1},
  pages = {1--25},
  doi = {10.1093/biomet/6.1.1},
  year = {1908}
}
@article{welch1947generalization,
  author = {Welch, B. L.},
  title = {The Generalization of `{Student's}' Problem when Several Different Population Variances are Involved},
  journal = {Biometrika},
  volume = {34},
  number = {1--2},
  pages = {28--35},
  doi = {10.1093/biomet/34.1-2.28},
  year = {1947}
}
@article{schuirmann1987comparison,
  author = {Schuirmann, Donald J.},
  title = {A Comparison of the Two One-Sided Tests Procedure and the Power Approach for Assessing the Equivalence of Average
    Bioavailability},
  journal = {Journal of Pharmacokinetics and Biopharmaceutics},
  volume = {15},
  number = {6},
  pages = {657--680},
  doi = {10.1007/BF01068419},
  year = {1987}
}
@article{holm1979simple,
  author = {Holm, Sture},
  title = {A Simple Sequentially Rejective Multiple Test Procedure},
  journal = {Scandinavian Journal of Statistics},
  volume = {6},
  number = {2},
  pages = {65--70},
  year = {1979}
}
@article{dunn1961multiple,
  author = {Dunn, Olive Jean},
  title = {Multiple Comparisons among Means},
  journal = {Journal of the American Statistical Association},
  volume = {56},
  number = {293},
  pages = {52--64},
  doi = {10.1080/01621459.1961.10482090},
  year = {1961}
}
@article{boschloo1970raised,
  author = {Boschloo, R. D.},
  title = {Raised Conditional Level of Significance for the $2 \times 2$-Table when Testing the Equality of Two
    Probabilities},
  journal = {Statistica Neerlandica},
  volume = {24},
  number = {1},
  pages = {1--9},
  doi = {10.1111/j.1467-9574.1970.tb00104.x},
  year = {1970}
}
@article{nadeau2003inference,
  author = {Nadeau, Claude and Bengio, Yoshua},
  title = {Inference for the Generalization Error},
  journal = {Machine Learning},
  volume = {52},
  number = {3},
  pages = {239--281},
  doi = {10.1023/A:1024068626366},
  year = {2003}
}
@article{bouthillier2021accounting,
  author = {Bouthillier, Xavier and Delaunay, Pierre and Bronzi, Mirko and Trofimov, Assya and Nichyporuk, Brennan and Szeto,
    Justin and Mohammadi Sepahvand, Nazanin and Raff, Edward and Madan, Kanika and Voleti, Vikram and Ebrahimi Kahou, Samira and
    Michalski, Vincent and Arbel, Tal and Pal, Chris and Varoquaux, Gael and Vincent, Pascal},
  title = {Accounting for Variance in Machine Learning Benchmarks},
  journal = {Proceedings of Machine Learning and Systems},
  volume = {3},
  pages = {747--769},
  year = {2021}
}
@misc{xiao2017fashion,
  author = {Xiao, Han and Rasul, Kashif and Vollgraf, Roland},
  title = {{Fashion-MNIST}: a Novel Image Dataset for Benchmarking Machine Learning Algorithms},
  howpublished = {arXiv:1708.07747},
  year = {2017}
}
@article{lecun1998gradient,
  author = {LeCun, Yann and Bottou, L{\'e}on and Bengio, Yoshua and Haffner, Patrick},
  title = {Gradient-Based Learning Applied to Document Recognition},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  pages = {2278--2324},
  doi = {10.1109/5.726791},
  year = {1998}
}
@techreport{krizhevsky2009learning,
  author = {Krizhevsky, Alex},
  title = {Learning Multiple Layers of Features from Tiny Images},
  institution = {University of Toronto},
  year = {2009}
}
@misc{alpaydin1998optical,
  author = {Alpaydin, E. and Kaynak, C.},
  title = {Optical Recognition of Handwritten Digits},
  howpublished = {UCI Machine Learning Repository},
  doi = {10.24432/C50P49},
  year = {1998}
}
"""
CITED = re.compile(r"\\(?:cite\w*|nocite)\{([\w,\s]+)\}")


def references(texts: Iterable[str]) -> str:
    """The entries that these texts cite. Raises KeyError for one that there is none of."""
    keys = {key.strip() for text in texts for citation in CITED.findall(text) for key in citation.split(",")}
    entries = {entry[entry.index("{") + 1 : entry.index(",")]: entry for entry in re.split(r"\n(?=@)", ENTRIES.strip())}
    return "\n".join(entries[key] for key in sorted(keys)) + "\n"
