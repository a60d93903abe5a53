# 入口網站

portal-title = 憑證IC卡入口網站（測試）
portal-choose = 請選擇核發您卡片的憑證管理中心。
portal-activate = 開卡
portal-activate-online = 收到卡片後，請於發卡日起 { $days } 天內完成開卡；在此之前卡片不能使用，逾期憑證將失效。
portal-activate-insert = 將卡片插入讀卡機，過程中請勿拔取。
portal-activate-type = 在電腦的終端機輸入：
portal-activate-answer = 依畫面輸入用戶代碼（6 至 10 碼，英文大小寫有別），並設定新的PIN碼。看到「開卡成功」即可使用。
portal-activate-elsewhere = 本中心的卡片不在線上開卡。請依隨卡片寄送的說明辦理，或洽下列窗口。
portal-contact = 需要協助
portal-telephone = 電話
portal-hours = 服務時間
portal-address = 地址
