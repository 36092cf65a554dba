"""Words the demo city's names are composed of, with their pinyin. No list of real streets: combinations only."""

from __future__ import annotations

import random
from typing import Final

_SYLLABLES: Final = """
wang:望 hai:海 yun:云 song:松 jin:锦金 he:和河鹤 rui:瑞 an:安 ning:宁 chun:春 qing:晴青清 lan:岚兰 bi:碧 cui:翠
yin:银 yu:玉渔 cheng:澄城 ming:明 xiu:秀 fang:芳 gui:桂 feng:枫峰凤 liu:柳 xing:杏兴星 tao:桃 mei:梅 zhu:竹 shi:石
sha:沙 chao:潮 fan:帆 ou:鸥 gang:港 wan:湾 quan:泉 xi:溪西 hu:湖 shan:山 ling:岭灵 po:坡 yuan:原园苑 tian:田 lin:林
zhuang:庄 dian:店 ji:集 tun:屯 gou:沟 bu:埠 qiao:桥 tang:塘 jing:井 tai:台泰 ting:亭 ge:阁 li:里礼 ju:居 gu:谷
zhou:洲 pu:浦 yang:阳 chuan:川 ze:泽 kang:康 le:乐 fu:福 xiang:祥 shun:顺 sheng:盛 long:隆龙 chang:昌 ping:平 de:德
ren:仁 yi:义 xin:信新 wen:文 hua:华 guang:光 hui:辉 yue:月 xia:霞 hong:虹 yan:雁 dong:东 nan:南 bei:北 zhong:中
dao:岛
"""
PINYIN: Final = {
    character: syllable
    for entry in _SYLLABLES.split()
    for syllable, _, characters in (entry.partition(":"),)
    for character in characters
}

FIRST: Final = (
    "望海云松锦和瑞安宁春晴岚青碧翠银金玉清澄明秀芳兰桂枫柳杏桃梅竹沙潮帆鸥渔文德仁信康乐福祥顺兴盛隆昌泰星月霞虹雁鹤凤"
)
URBAN_LAST: Final = "海云松和安宁岚泉溪河湖山岭峰林华光辉泽康平阳川桥台亭洲浦"
RURAL_LAST: Final = "庄店集屯沟埠桥塘井泉河山岭坡田林"
GARDEN_LAST: Final = "苑园城里居谷洲湾"
VILLAGE_FIRST: Final = "东西南北中新"


def pinyin(name: str) -> str:
    """Capitalised pinyin of a composed name: 望海 → Wanghai."""
    return "".join(PINYIN[c] for c in name).capitalize()


class Coiner:
    """Coins names that are never given twice within one scope. Deterministic for a `random.Random`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def coin(self, last: str, scope: str = "") -> str:
        """Two characters, the second from `last`; three when the pairs of a scope are nearly used up."""
        for attempt in range(10_000):
            name = self._rng.choice(FIRST) + self._rng.choice(last)
            if attempt >= 60:
                name = self._rng.choice(FIRST) + name
            if len(set(name)) == len(name) and f"{scope}/{name}" not in self._given:
                self._given.add(f"{scope}/{name}")
                return name
        raise AssertionError("the words ran out")
